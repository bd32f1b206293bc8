"""The versions of one record, newest first: each names the place of the one before. And which batch a moment means.

Synchronous, on a reader's connection and within one transaction, so that nothing is folded away underfoot.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cmdb.audit import next_row
from cmdb.model.change import AuditRow
from cmdb.store.errors import damaged
from cmdb.store.moment import from_us
from cmdb.store.rows import past_row_is_intact, seq_of_place
from cmdb.store.seal import before_of, seq_of

_PAST_ROW = "SELECT place, kind, class, id, body, checksum FROM past WHERE place = ?"
_AUDIT_ROW = "SELECT seq, at, actor, reason, summary, previous, digest FROM audit WHERE seq = ?"


class PastVersion(msgspec.Struct, frozen=True):
    """It was there from its own batch until, not including, batch `until_seq`."""

    sealed: bytes
    until_seq: int

    @property
    def seq(self) -> int:
        return seq_of(self.sealed)


class Chains:
    """Of one kind and id; `newest` are the bytes that are there now, if any."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def versions(self, kind: str, id_: str, newest: bytes | None) -> Iterator[PastVersion]:
        """Newest first, through removals and returns. It ends where the past was forgotten."""
        gone = "SELECT place FROM gone WHERE kind = ? AND id = ? ORDER BY place DESC"
        starts = [place for (place,) in self._connection.execute(gone, (kind, id_))]
        if newest is not None:
            starts.insert(0, before_of(newest))
        for start in starts:
            place = start
            while place and (version := self._version(kind, id_, place)) is not None:
                yield version
                place = before_of(version.sealed)

    def _version(self, kind: str, id_: str, place: int) -> PastVersion | None:
        until = seq_of_place(place)
        row = self._connection.execute(_PAST_ROW, (place,)).fetchone()
        if row is None and until <= self._forgotten_seq(kind):
            return None
        if row is None or (row[1], row[3]) != (kind, id_) or not past_row_is_intact(*row):
            raise damaged(self._path, f"{kind} {id_} as it was until batch {until} is not what was written")
        return PastVersion(row[4], until)

    def _forgotten_seq(self, kind: str) -> int:
        found = self._connection.execute("SELECT max(forgotten_seq) FROM retention WHERE kind = ?", (kind,)).fetchone()
        return int(found[0] or 0)

    def seq_at(self, at_us: int, last_seq: int) -> int:
        """The last batch at that moment or before it: moments rise with the batches, so by halving."""
        before, after = 0, last_seq + 1
        while after - before > 1:
            middle = (before + after) // 2
            if self._at_us(middle) <= at_us:
                before = middle
            else:
                after = middle
        return before

    def _at_us(self, seq: int) -> int:
        row = self._connection.execute(_AUDIT_ROW, (seq,)).fetchone()
        if row is None or not true_to_its_digest(audit_row(*row)):
            raise damaged(self._path, f"audit row {seq} is not what was written")
        return int(row[1])


def audit_row(seq: int, at_us: int, actor: str, reason: str, summary: str, previous: str, digest: str) -> AuditRow:
    """A row of the table `audit`."""
    return AuditRow(
        seq=seq, at=from_us(at_us), actor=actor, reason=reason, summary=summary, previous=previous, digest=digest
    )


def true_to_its_digest(row: AuditRow) -> bool:
    return next_row(row.previous, row.seq, row.at, row.actor, row.reason, row.summary) == row
