"""Reading and writing the rows of the series' file. Not when, nor in which thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from checks.rollup import SPANS, Rollup, merged, start_of
from cmdb.series.measured import Measured, Series
from cmdb.series.transition import Transition
from cmdb.store.moment import to_us

_ROLLUP = "start, count, total, minimum, maximum, last, buckets"
_LATEST = """
SELECT id, body FROM transition JOIN checked ON checked.number = checked
WHERE transition.number IN (SELECT max(number) FROM transition GROUP BY checked)
"""
_TRANSITIONS = """
SELECT body FROM transition JOIN checked ON checked.number = checked
WHERE id = ? AND at >= ? AND at < ? ORDER BY at DESC, transition.number DESC LIMIT ?
"""
_POINTS = f"SELECT {_ROLLUP} FROM rollup WHERE measured = ? AND span_s = ? AND start >= ? AND start < ? ORDER BY start"  # noqa: S608


def is_new(connection: sqlite3.Connection, agent: str, serial: int) -> bool:
    """Whether this message of the agent is not in here yet; it is noted that it now is."""
    known = connection.execute("SELECT serial FROM told WHERE agent = ?", (agent,)).fetchone()
    if known == (serial,):
        return False
    connection.execute("INSERT OR REPLACE INTO told VALUES (?, ?)", (agent, serial))
    return True


def add_transitions(connection: sqlite3.Connection, transitions: Iterable[Transition]) -> None:
    """Those that are in here already are not added again."""
    connection.executemany(
        "INSERT OR IGNORE INTO transition (checked, at, state, hard, attempt, body) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (_checked(connection, one.check), to_us(one.at), one.state, one.hard, one.attempt, _packed(one))
            for one in transitions
        ],
    )


def add_measured(connection: sqlite3.Connection, measured: Iterable[Measured]) -> None:
    """Into the minute, the hour and the day that they belong to."""
    for one in measured:
        number = _measured(connection, one)
        for name, span in SPANS.items():
            start = start_of(one.rollup.start, name)
            span_s = int(span.total_seconds())
            known = points(connection, number, span_s, start, start + span)
            whole = merged([*known, msgspec.structs.replace(one.rollup, start=max(start, one.rollup.start))], start)
            if whole is not None:
                _put(connection, number, span_s, whole)


def latest(connection: sqlite3.Connection) -> dict[str, Transition]:
    """The last transition of each check."""
    return {id_: _unpacked(body) for id_, body in connection.execute(_LATEST)}


def transitions_of(
    connection: sqlite3.Connection, check: str, since: datetime, until: datetime, limit: int
) -> list[Transition]:
    """Newest first."""
    rows = connection.execute(_TRANSITIONS, (check, to_us(since), to_us(until), limit))
    return [_unpacked(body) for (body,) in rows]


def series_of(
    connection: sqlite3.Connection, check: str, span: str, since: datetime, until: datetime
) -> Sequence[Series]:
    """All metrics of a check that have values there, by name."""
    of_check = "SELECT measured.number, name, unit FROM measured JOIN checked ON checked.number = checked WHERE id = ?"
    found = connection.execute(f"{of_check} ORDER BY name", (check,)).fetchall()
    span_s = int(SPANS[span].total_seconds())
    read = (Series(name, unit, points(connection, number, span_s, since, until)) for number, name, unit in found)
    return [series for series in read if series.points]


def trends_of(
    connection: sqlite3.Connection, metrics: Mapping[str, str], since: datetime, until: datetime
) -> dict[str, list[Rollup]]:
    """Of each check (id → a metric's name) that metric by the minute, where there are values."""
    named = "SELECT measured.number FROM measured JOIN checked ON checked.number = checked WHERE id = ? AND name = ?"
    found = {check: connection.execute(named, (check, name)).fetchone() for check, name in metrics.items()}
    minute_s = int(SPANS["1m"].total_seconds())
    read = {check: points(connection, row[0], minute_s, since, until) for check, row in found.items() if row}
    return {check: rollups for check, rollups in read.items() if rollups}


def points(connection: sqlite3.Connection, number: int, span_s: int, since: datetime, until: datetime) -> list[Rollup]:
    """The stretches of a metric that begin between these moments."""
    rows = connection.execute(_POINTS, (number, span_s, since.timestamp(), until.timestamp()))
    return [_rollup(*row) for row in rows]


def _rollup(
    start: int, count: int, total: float, minimum: float, maximum: float, last: float, buckets: bytes
) -> Rollup:
    at = datetime.fromtimestamp(start, UTC)
    return Rollup(at, count, total, minimum, maximum, last, msgspec.msgpack.decode(buckets, type=dict[int, int]))


def _put(connection: sqlite3.Connection, number: int, span_s: int, rollup: Rollup) -> None:
    connection.execute(
        f"INSERT OR REPLACE INTO rollup (measured, span_s, {_ROLLUP}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (
            number,
            span_s,
            int(rollup.start.timestamp()),
            rollup.count,
            rollup.total,
            rollup.minimum,
            rollup.maximum,
            rollup.last,
            msgspec.msgpack.encode(rollup.buckets),
        ),
    )


def _checked(connection: sqlite3.Connection, check: str) -> int:
    """The number of a check, given to it at first sight."""
    connection.execute("INSERT OR IGNORE INTO checked (id) VALUES (?)", (check,))
    return int(connection.execute("SELECT number FROM checked WHERE id = ?", (check,)).fetchone()[0])


def _measured(connection: sqlite3.Connection, one: Measured) -> int:
    """The number of a check's metric; its unit is the last one that was told."""
    key = (_checked(connection, one.check), one.metric)
    known = connection.execute("SELECT number, unit FROM measured WHERE checked = ? AND name = ?", key).fetchone()
    if known is None or (one.unit and known[1] != one.unit):
        connection.execute(
            "INSERT INTO measured (checked, name, unit) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET unit = excluded.unit",
            (*key, one.unit),
        )
        known = connection.execute("SELECT number, unit FROM measured WHERE checked = ? AND name = ?", key).fetchone()
    return int(known[0])


def _packed(transition: Transition) -> bytes:
    return msgspec.msgpack.encode(transition)


def _unpacked(body: bytes) -> Transition:
    return msgspec.msgpack.decode(body, type=Transition)
