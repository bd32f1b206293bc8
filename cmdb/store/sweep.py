"""The steps in which the past is forgotten and folded: each looks at some rows, in a transaction of its own, so that
commits go in between. What is to go is `retention`'s to say.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cmdb.difference import WITHOUT_HISTORY, differences, same_but_version
from cmdb.model.kind import Kind
from cmdb.store.retention import KindAndClass
from cmdb.store.rows import Row, past_row, seq_of_place
from cmdb.store.seal import seq_of, unsealed

STEP_ROWS = 2000

_STEP_PAST = """
SELECT max(place) FROM (
    SELECT place FROM past WHERE place > ? AND place < ((SELECT max(forgotten_seq) FROM retention) + 1) << 20
    ORDER BY place LIMIT ?
)"""
_FORGET_PAST = """
DELETE FROM past WHERE place > ? AND place <= ? AND place >> 20 <= (
    SELECT forgotten_seq FROM retention WHERE retention.kind = past.kind AND retention.class = past.class
)"""
_STEP_HISTORY = """
SELECT max(seq) FROM (
    SELECT seq FROM history WHERE seq > ? AND seq <= (SELECT max(forgotten_seq) FROM retention)
    ORDER BY seq LIMIT ?
)"""
_FORGET_HISTORY = """
DELETE FROM history WHERE seq > ? AND seq <= ? AND seq <= (
    SELECT forgotten_seq FROM retention WHERE retention.kind = history.kind AND retention.class = history.class
)"""


class Step(msgspec.Struct, frozen=True):
    """Where a step ended (None: there was nothing more to look at), and how many rows it removed."""

    end: int | None
    removed: int = 0


def forget_versions(connection: sqlite3.Connection, after_place: int) -> Step:
    """Remove past versions that nobody can ask for any more."""
    return _forget(connection, _STEP_PAST, _FORGET_PAST, after_place)


def forget_ends(connection: sqlite3.Connection, _: int) -> Step:
    """Remove the ends of chains that were forgotten to their end."""
    connection.execute("DELETE FROM gone WHERE place NOT IN (SELECT place FROM past)")
    return Step(None)


def forget_history(connection: sqlite3.Connection, after_seq: int) -> Step:
    """Remove history rows likewise."""
    return _forget(connection, _STEP_HISTORY, _FORGET_HISTORY, after_seq)


def _forget(connection: sqlite3.Connection, step: str, statement: str, after: int) -> Step:
    (end,) = connection.execute(step, (after, STEP_ROWS)).fetchone()
    return Step(None) if end is None else Step(end, connection.execute(statement, (after, end)).rowcount)


class Folding:
    """Remembers the version before, of every record, from step to step."""

    def __init__(self, bounds: Mapping[KindAndClass, tuple[int, int]]) -> None:
        self._bounds = bounds
        self._until = max((until for _, until in bounds.values()), default=0)
        self._before: dict[tuple[str, str], tuple[int, bytes, Any]] = {}
        self.start = min((after for after, _ in bounds.values()), default=0)

    def step(self, connection: sqlite3.Connection, after_place: int) -> Step:
        """Fold each version into the one before it where history sees no difference."""
        rows = connection.execute(
            "SELECT place, kind, class, id, body FROM past WHERE place > ? AND place < ? ORDER BY place LIMIT ?",
            (after_place, self._until, STEP_ROWS),
        ).fetchall()
        if not rows:
            return Step(None)
        folded = list(self._folded(rows))
        connection.executemany("DELETE FROM past WHERE place = ?", [(gone,) for gone, _ in folded])
        connection.executemany(
            "UPDATE past SET body = ?, checksum = ? WHERE place = ?",
            [(row[4], row[5], row[0]) for _, row in folded],
        )
        return Step(rows[-1][0], len(folded))

    def _folded(self, rows: list[tuple[int, str, str, str, bytes]]) -> Iterator[tuple[int, Row]]:
        """(place that goes, row of the place that stays as it then is). Later ones of a record overrule."""
        for place, kind, class_, id_, sealed in rows:
            after, until = self._bounds.get((kind, class_), (0, 0))
            if not after < place < until:
                continue
            document = unsealed(sealed)
            before = self._before.get((kind, id_))
            if before is not None and _folds(kind, id_, before, sealed, document):
                yield before[0], past_row(place, kind, class_, id_, before[1])
                self._before[kind, id_] = (place, before[1], before[2])
            else:
                self._before[kind, id_] = (place, sealed, document)


def _folds(kind: str, id_: str, before: tuple[int, bytes, Any], sealed: bytes, document: Any) -> bool:
    """The version directly follows the one before, and says the same."""
    place, _, earlier = before
    if seq_of_place(place) != seq_of(sealed):
        return False
    if kind in WITHOUT_HISTORY:
        return same_but_version(earlier, document)
    return not differences(Kind(kind), id_, earlier, document)
