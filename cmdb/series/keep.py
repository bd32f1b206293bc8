"""How long what checks did and measured is kept, and letting go of what is older."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from checks.rollup import SPANS
from cmdb.store.moment import to_us

DAY = timedelta(days=1)
AT_ONCE = 500  # metrics, so that nobody waits long for the writer


class Keep(msgspec.Struct, frozen=True):
    """Per span, and for transitions, how far back."""

    minutes: timedelta = 2 * DAY
    hours: timedelta = 60 * DAY
    days: timedelta = 1100 * DAY
    transitions: timedelta = 400 * DAY


def steps(connection: sqlite3.Connection, keep: Keep, now: datetime) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Statements that forget what is older than that, each small."""
    yield "DELETE FROM transition WHERE at < ?", (to_us(now - keep.transitions),)
    (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM measured").fetchone()
    ages = {"1m": keep.minutes, "1h": keep.hours, "1d": keep.days}
    for first in range(0, last + 1, AT_ONCE):
        for name, span in SPANS.items():
            yield (
                "DELETE FROM rollup WHERE measured >= ? AND measured < ? AND span_s = ? AND start < ?",
                (first, first + AT_ONCE, int(span.total_seconds()), int((now - ages[name]).timestamp())),
            )
    yield "DELETE FROM measured WHERE number NOT IN (SELECT measured FROM rollup)", ()
    yield (
        "DELETE FROM checked WHERE number NOT IN (SELECT checked FROM measured UNION SELECT checked FROM transition)",
        (),
    )
