"""Many rows with few statements, and what batches write. Not when: that is `writer`'s.

A statement of one row each would hand the interpreter lock to and fro at every row; beside a busy event loop that
costs milliseconds a row. Sizes are powers of four, so that a handful of prepared statements serves every batch.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from cmdb.model.change import AuditRow
from cmdb.store.seal import checksum_of, intact

Row = tuple[Any, ...]
_SIZES = (256, 64, 16, 4, 1)
_PLACE_BITS = 20
_SPREAD = 0x9E3779B1  # odd: no two places within 32 bits of each other have the same checksum

_PAST = "INSERT INTO past VALUES {values}"
_REMOVE = "DELETE FROM document WHERE number IN (VALUES {values})"
_REMOVE_TEXT = "DELETE FROM fulltext WHERE rowid IN (VALUES {values})"
_PUT = "INSERT OR REPLACE INTO document VALUES {values}"
_GONE = "INSERT INTO gone VALUES {values}"
_HISTORY = "INSERT INTO history VALUES {values}"
_AUDIT = "INSERT INTO audit VALUES {values}"


class BatchRows(msgspec.Struct, frozen=True):
    """One batch as the database takes it: `puts` (number, kind, id, body) and `removes` (number); what both replace,
    rows of `past`; the ends of chains, `gone` (kind, id, place); `history` rows."""

    audit: AuditRow
    at_us: int
    puts: Sequence[Row]
    removes: Sequence[Row]
    past: Sequence[Row]
    gone: Sequence[Row]
    history: Sequence[Row]

    @property
    def size_bytes(self) -> int:
        """About how much the log grows by it: half-filled pages, and those that every batch touches."""
        return 5 * 4096 + 1024 * (len(self.puts) + len(self.past)) + 128 * len(self.history)


def place_of(seq: int, n: int) -> int:
    """Where the n-th document that batch `seq` replaced lies in `past`."""
    if n >> _PLACE_BITS:
        raise ValueError(f"a batch of more than {1 << _PLACE_BITS} records")
    return seq << _PLACE_BITS | n


def seq_of_place(place: int) -> int:
    """The batch that replaced what lies there."""
    return place >> _PLACE_BITS


def past_row(place: int, kind: str, class_: str, id_: str, sealed: bytes) -> Row:
    """A row of `past`."""
    return (place, kind, class_, id_, sealed, _past_checksum(place, sealed))


def past_row_is_intact(place: int, kind: str, class_: str, id_: str, sealed: bytes, checksum: int) -> bool:
    """It is what was written, where it was written."""
    return intact(sealed, f"{kind}\0{id_}") and checksum == _past_checksum(place, sealed)


def _past_checksum(place: int, sealed: bytes) -> int:
    return (checksum_of(sealed) + place * _SPREAD) & 0xFFFFFFFF


def history_row(seq: int, n: int, kind: str, class_: str, id_: str, attribute: str, change: bytes) -> Row:
    """A row of `history`; the change is sealed by a checksum over the row."""
    checksum = zlib.crc32(change, zlib.crc32(f"{seq}\0{n}\0{kind}\0{class_}\0{id_}\0{attribute}".encode()))
    return (seq, n, kind, class_, id_, attribute, change + checksum.to_bytes(4, "big"))


def change_in(row: Row) -> bytes | None:
    """The packed change of a row of `history`; None when the row is not what was written."""
    seq, n, kind, class_, id_, attribute, sealed = row
    if not isinstance(sealed, bytes):
        return None
    change = sealed[:-4]
    return change if history_row(seq, n, kind, class_, id_, attribute, change) == row else None


def write_batches(connection: sqlite3.Connection, batches: Sequence[BatchRows]) -> None:
    """Inside a transaction: keep what was, then write what is, its history and its audit. All batches at once, so that
    many small ones take as few statements as a large one."""
    puts: dict[int, Row] = {}
    removes: list[Row] = []
    for batch in batches:
        for row in batch.removes:
            puts.pop(row[0], None)
        removes += batch.removes
        puts.update((row[0], row) for row in batch.puts)
    execute_rows(connection, _PAST, [row for batch in batches for row in batch.past])
    execute_rows(connection, _REMOVE_TEXT, removes)
    execute_rows(connection, _REMOVE, removes)
    execute_rows(connection, _PUT, list(puts.values()))
    execute_rows(connection, _GONE, [row for batch in batches for row in batch.gone])
    execute_rows(connection, _HISTORY, [row for batch in batches for row in batch.history])
    execute_rows(connection, _AUDIT, [_audit_row(batch.audit, batch.at_us) for batch in batches])


def _audit_row(audit: AuditRow, at_us: int) -> Row:
    return (audit.seq, at_us, audit.actor, audit.reason, audit.summary, audit.previous, audit.digest)


def execute_rows(connection: sqlite3.Connection, statement: str, rows: Sequence[Row]) -> None:
    """The statement for all of these rows, which go where it says `{values}`."""
    for chunk in _chunks(rows):
        one = f"({', '.join('?' * len(chunk[0]))})"
        values = ", ".join([one] * len(chunk))
        connection.execute(statement.format(values=values), [value for row in chunk for value in row])


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    done = 0
    for size in _SIZES:
        while len(rows) - done >= size:
            yield rows[done : done + size]
            done += size
