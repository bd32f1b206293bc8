"""Many rows with few statements, and what one batch writes. Not when: that is `writer`'s.

A statement of one row each would hand the interpreter lock to and fro at every row; beside a busy event loop that
costs milliseconds a row. Sizes are powers of four, so that a handful of prepared statements serves every batch.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from cmdb.model.change import AuditRow

Row = tuple[Any, ...]
_SIZES = (256, 64, 16, 4, 1)

_ARCHIVE = (
    "WITH changed (kind, id) AS (VALUES {values}) "
    "INSERT INTO past SELECT kind, id, seq, at, ?, ?, body FROM changed JOIN document USING (kind, id)"
)
_REMOVE = "DELETE FROM document WHERE (kind, id) IN (VALUES {values})"
_UPSERT = (
    "INSERT INTO document (kind, id, seq, at, body) VALUES {values} "
    "ON CONFLICT (kind, id) DO UPDATE SET seq = excluded.seq, at = excluded.at, body = excluded.body"
)
_HISTORY = "INSERT INTO history VALUES {values}"


class BatchRows(msgspec.Struct, frozen=True):
    """One batch as the database takes it. `puts` are (kind, id, seq, at, body); `replaced` (kind, id) are those
    of puts and removes that were there before."""

    audit: AuditRow
    at_us: int
    puts: Sequence[Row]
    removes: Sequence[Row]
    replaced: Sequence[Row]
    history: Sequence[Row]


def write_batch(connection: sqlite3.Connection, batch: BatchRows) -> None:
    """Inside a transaction: keep what was, then write what is, its history and its audit row."""
    audit = batch.audit
    _execute(connection, _ARCHIVE, batch.replaced, (audit.seq, batch.at_us))
    _execute(connection, _REMOVE, batch.removes)
    _execute(connection, _UPSERT, batch.puts)
    _execute(connection, _HISTORY, batch.history)
    connection.execute(
        "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)",
        (audit.seq, batch.at_us, audit.actor, audit.reason, audit.summary, audit.previous, audit.digest),
    )


def _execute(connection: sqlite3.Connection, statement: str, rows: Sequence[Row], after: Row = ()) -> None:
    for chunk in _chunks(rows):
        one = f"({', '.join('?' * len(chunk[0]))})"
        values = ", ".join([one] * len(chunk))
        connection.execute(statement.format(values=values), (*(value for row in chunk for value in row), *after))


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    done = 0
    for size in _SIZES:
        while len(rows) - done >= size:
            yield rows[done : done + size]
            done += size
