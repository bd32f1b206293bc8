"""The SQLite file of the embedded store: opened, its schema made or refused, read whole, written batch by batch.

Synchronous, one connection, one thread at a time. Not the memory of it (`packed`), not when it is written (`writer`).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import msgspec

from cmdb.audit import GENESIS
from cmdb.store.protocol import StoreDamaged, StoreError, StoreFull
from cmdb.store.rows import BatchRows, write_batch
from cmdb.store.seal import checksum_of, intact
from cmdb.store.witness import Witness

SCHEMA = 1
APPLICATION_ID = 0x57445354  # "WDST": what `file` shows, and what says that this is ours
_FETCH_ROWS = 2000


class Head(msgspec.Struct, frozen=True):
    """Where the log ends, and what the documents add up to: a lost or doubled row does not go unseen."""

    seq: int = 0
    at_us: int = 0
    digest: str = GENESIS
    documents: int = 0
    checksum: int = 0


class StoredDocument(msgspec.Struct, frozen=True, gc=False):
    kind: str
    id: str
    sealed: bytes


class Database:
    """The one writing connection. Opening it verifies that the log ends where it was last seen to end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with explained(path):
            self.connection = connect(path)
            try:
                _prepare(self.connection, path)
                self._witness = Witness(path)
                self.head = self._verified_head()
            except BaseException:
                self.connection.close()
                raise

    def _verified_head(self) -> Head:
        row = self.connection.execute("SELECT seq, at, digest, documents, checksum FROM head").fetchone()
        if row is None:
            raise damaged(self.path, "it has no head")
        head = Head(*row)
        last = self.connection.execute("SELECT seq, at, digest FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        if last != ((head.seq, head.at_us, head.digest) if head.seq else None):
            raise damaged(self.path, f"its log ends at batch {head.seq}, its audit at {last and last[0]}")
        if self._witness.seen() > head.seq:
            raise damaged(self.path, f"it ends at batch {head.seq}, but batch {self._witness.seen()} was acknowledged")
        return head

    def documents(self) -> Iterator[StoredDocument]:
        """Every document, in the order of insertion; `StoreDamaged` when one is not what was written, or is missing."""
        number = checksum = 0
        with explained(self.path):
            cursor = self.connection.execute("SELECT kind, id, body FROM document ORDER BY rowid")
            while rows := cursor.fetchmany(_FETCH_ROWS):
                for kind, id_, sealed in rows:
                    if not intact(sealed, f"{kind}\0{id_}"):
                        raise damaged(self.path, f"{kind} {id_} is not what was written")
                    checksum += checksum_of(sealed)
                    yield StoredDocument(kind, id_, sealed)
                number += len(rows)
        if (number, checksum) != (self.head.documents, self.head.checksum):
            raise damaged(self.path, f"{number} documents are there, not the {self.head.documents} that were written")

    def write(self, batches: Sequence[BatchRows], head: Head) -> None:
        """All of these batches in one transaction, durable on return. Raises `StoreFull`, `StoreDamaged`."""
        with explained(self.path), transaction(self.connection):
            for batch in batches:
                write_batch(self.connection, batch)
            self.connection.execute(
                "UPDATE head SET seq = ?, at = ?, digest = ?, documents = ?, checksum = ?",
                (head.seq, head.at_us, head.digest, head.documents, head.checksum),
            )
        self.head = head
        self._witness.write(head.seq)

    def probe(self) -> None:
        """Write something that changes nothing. Raises what a batch would meet."""
        with explained(self.path), transaction(self.connection):
            self.connection.execute("UPDATE head SET probes = probes + 1")

    def close(self) -> None:
        """Fold the log into the file where there is room for it, and let go."""
        # Where there is no room the log stays, and is read at the next opening.
        with contextlib.suppress(sqlite3.Error):
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.abandon()

    def abandon(self) -> None:
        """Let go of a file that is not to be touched."""
        self.connection.close()
        self._witness.close()


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection as all of ours are: usable from any one thread at a time, no implicit transactions."""
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        timeout=10,
    )
    if not read_only:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """What SQLite reports, as what it means for whoever reads it."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explanation(path, error) from error
    except OSError as error:
        raise unwritable(path, error.strerror or str(error)) from error


def damaged(path: Path, why: str) -> StoreDamaged:
    return StoreDamaged(str(path), why, "restore a backup: watchdeck restore FILE")


def unwritable(path: Path, why: str) -> StoreFull:
    return StoreFull(str(path), f"cannot be written ({why})", "see to its disk, mount and permissions")


_UNREADABLE = {
    sqlite3.SQLITE_IOERR_READ,
    sqlite3.SQLITE_IOERR_SHORT_READ,
    sqlite3.SQLITE_IOERR_CORRUPTFS,
    sqlite3.SQLITE_IOERR_DATA,
}


def _explanation(path: Path, error: sqlite3.Error) -> StoreError:
    extended = getattr(error, "sqlite_errorcode", 0)
    code = extended & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StoreFull(str(path), "no room left on its disk", "make room; reads go on")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or extended in _UNREADABLE:
        return damaged(path, str(error))
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}:
        return unwritable(path, str(error))
    return StoreError(str(path), str(error))


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the schema in an empty file; refuse a file that is not ours or newer than we are."""
    schema = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if schema == 0 and application == 0 and empty:
        _create(connection)
    elif application != APPLICATION_ID:
        raise StoreDamaged(str(path), "is not a Watchdeck database", "name another state directory")
    elif schema > SCHEMA:
        raise StoreDamaged(
            str(path), f"has schema {schema}, this Watchdeck knows up to {SCHEMA}", "install the newer Watchdeck"
        )


def _create(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        for statement in (files("cmdb.store") / "sql" / "schema.sql").read_text("utf-8").split(";\n"):
            connection.execute(statement)
        head = Head()
        connection.execute(
            "INSERT INTO head VALUES (1, ?, ?, ?, ?, ?, 0)",
            (head.seq, head.at_us, head.digest, head.documents, head.checksum),
        )
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
