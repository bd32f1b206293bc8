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
_PLACE_BITS = 20

_PAST = "INSERT INTO past VALUES {values}"
_REMOVE = "DELETE FROM document WHERE (kind, id) IN (VALUES {values})"
_UPSERT = (
    "INSERT INTO document (kind, id, body) VALUES {values} ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body"
)
_REMOVE_TEXT = "DELETE FROM fulltext WHERE rowid IN (SELECT rowid FROM document WHERE (kind, id) IN (VALUES {values}))"
_HISTORY = "INSERT INTO history VALUES {values}"


class BatchRows(msgspec.Struct, frozen=True):
    """One batch as the database takes it: `puts` (kind, id, body), `removes` (kind, id), `past` (place, kind,
    class, id, body) what puts and removes replace, `history` rows."""

    audit: AuditRow
    at_us: int
    puts: Sequence[Row]
    removes: Sequence[Row]
    past: Sequence[Row]
    history: Sequence[Row]


def place_of(seq: int, n: int) -> int:
    """Where the n-th document that batch `seq` replaced lies in `past`."""
    if n >> _PLACE_BITS:
        raise ValueError(f"a batch of more than {1 << _PLACE_BITS} records")
    return seq << _PLACE_BITS | n


def seq_of_place(place: int) -> int:
    """The batch that replaced what lies there."""
    return place >> _PLACE_BITS


def history_name(n: int, kind: str, id_: str, attribute: str) -> str:
    """The row that a history row's seal belongs to."""
    return f"{n}\0{kind}\0{id_}\0{attribute}"


def write_batch(connection: sqlite3.Connection, batch: BatchRows) -> None:
    """Inside a transaction: keep what was, then write what is, its history and its audit row."""
    audit = batch.audit
    execute_rows(connection, _PAST, batch.past)
    execute_rows(connection, _REMOVE_TEXT, batch.removes)
    execute_rows(connection, _REMOVE, batch.removes)
    execute_rows(connection, _UPSERT, batch.puts)
    execute_rows(connection, _HISTORY, batch.history)
    connection.execute(
        "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)",
        (audit.seq, batch.at_us, audit.actor, audit.reason, audit.summary, audit.previous, audit.digest),
    )


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
