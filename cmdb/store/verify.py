"""Whether a database holds what was written to it: its head, its documents, its structure. Reads, never mends."""

from __future__ import annotations

import sqlite3
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from cmdb.audit import GENESIS
from cmdb.store.errors import damaged, explained
from cmdb.store.seal import SEAL_BYTES

_FETCH_ROWS = 2000
_NUMBER_AND_CHECKSUM = struct.Struct(">QI")  # the end of a seal
_Row = tuple[int, str, str, bytes]  # of `document`


class Head(msgspec.Struct, frozen=True):
    """Where the log ends, and what the documents add up to: a lost or doubled row does not go unseen."""

    seq: int = 0
    at_us: int = 0
    digest: str = GENESIS
    documents: int = 0
    checksum: int = 0
    last_number: int = 0


class StoredDocuments(msgspec.Struct, frozen=True, gc=False):
    """Some of one kind, in the order of insertion."""

    kind: str
    ids: list[str]
    sealed: list[bytes]


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


def verified_documents(connection: sqlite3.Connection, path: Path, head: Head) -> Iterator[StoredDocuments]:
    """Every document, in the order of insertion of each kind, some thousand at a time.

    Raises `StoreDamaged` when one is not what was written, or missing.
    """
    count = checksum = 0
    with explained(path):
        cursor = connection.execute("SELECT number, kind, id, body FROM document ORDER BY number")
        while rows := cursor.fetchmany(_FETCH_ROWS):
            if rows[-1][0] > head.last_number:
                raise damaged(path, f"{rows[-1][1]} {rows[-1][2]} is not what was written")
            try:
                some, added = _by_kind(rows, path)
            except (TypeError, AttributeError) as error:  # a bit of its header says that it is of another type
                raise damaged(path, "a document is not what was written") from error
            checksum += added
            count += len(rows)
            yield from some
    if (count, checksum) != (head.documents, head.checksum):
        raise damaged(path, f"{count} documents are there, not the {head.documents} that were written")


def _by_kind(rows: Sequence[_Row], path: Path) -> tuple[Iterable[StoredDocuments], int]:
    """The documents in these rows, each verified, and the sum of their checksums."""
    total = 0
    crc32, number_and_checksum = zlib.crc32, _NUMBER_AND_CHECKSUM.unpack_from  # at a million, each look-up costs
    of_kind = {kind: crc32(f"{kind}\0".encode()) for kind in dict.fromkeys(row[1] for row in rows)}
    for number, kind, id_, sealed in rows:
        if len(sealed) <= SEAL_BYTES:
            raise damaged(path, f"{kind} {id_} is not what was written")
        numbered, checksum = number_and_checksum(sealed, len(sealed) - _NUMBER_AND_CHECKSUM.size)
        if numbered != number or crc32(sealed[:-4], crc32(id_.encode(), of_kind[kind])) != checksum:
            raise damaged(path, f"{kind} {id_} is not what was written")
        total += checksum
    return [_of_kind(kind, rows) for kind in of_kind], total


def _of_kind(kind: str, rows: Sequence[_Row]) -> StoredDocuments:
    own = [row for row in rows if row[1] == kind]
    return StoredDocuments(kind, [row[2] for row in own], [row[3] for row in own])


def verify_structure(connection: sqlite3.Connection, path: Path) -> None:
    """SQLite's own check of every page, row and index. Raises `StoreDamaged`."""
    with explained(path):
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise damaged(path, str(found))
