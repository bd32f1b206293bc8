"""Whether a database holds what was written to it: its head, its documents, its structure. Reads, never mends."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cmdb.audit import GENESIS
from cmdb.store.errors import damaged, explained
from cmdb.store.seal import checked

_FETCH_ROWS = 2000


class Head(msgspec.Struct, frozen=True):
    """Where the log ends, and what the documents add up to: a lost or doubled row does not go unseen."""

    seq: int = 0
    at_us: int = 0
    digest: str = GENESIS
    documents: int = 0
    checksum: int = 0
    last_number: int = 0


class StoredDocument(msgspec.Struct, frozen=True, gc=False):
    kind: str
    id: str
    sealed: bytes


def verified_head(connection: sqlite3.Connection, path: Path) -> Head:
    """The head, which is where the audit ends too. Raises `StoreDamaged`."""
    with explained(path):
        row = connection.execute("SELECT seq, at, digest, documents, checksum, last_number FROM head").fetchone()
        last = connection.execute("SELECT seq, at, digest FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None:
        raise damaged(path, "it has no head")
    head = Head(*row)
    if last != ((head.seq, head.at_us, head.digest) if head.seq else None):
        raise damaged(path, f"its log ends at batch {head.seq}, its audit at {last and last[0]}")
    return head


def verified_documents(connection: sqlite3.Connection, path: Path, head: Head) -> Iterator[StoredDocument]:
    """Every document, in the order of insertion. Raises `StoreDamaged` when one is not what was written, or missing."""
    count = checksum = 0
    with explained(path):
        cursor = connection.execute("SELECT number, kind, id, body FROM document ORDER BY number")
        while rows := cursor.fetchmany(_FETCH_ROWS):
            for number, kind, id_, sealed in rows:
                seal = checked(sealed, f"{kind}\0{id_}")
                if seal is None or seal[0] != number or number > head.last_number:
                    raise damaged(path, f"{kind} {id_} is not what was written")
                checksum += seal[1]
                yield StoredDocument(kind, id_, sealed)
            count += len(rows)
    if (count, checksum) != (head.documents, head.checksum):
        raise damaged(path, f"{count} documents are there, not the {head.documents} that were written")


def verify_structure(connection: sqlite3.Connection, path: Path) -> None:
    """SQLite's own check of every page, row and index. Raises `StoreDamaged`."""
    with explained(path):
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise damaged(path, str(found))
