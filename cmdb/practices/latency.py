"""How quickly a service answered, from what its checks measured, against what was agreed. Not whether it was there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from checks.rollup import Rollup, merged
from cmdb.model.answers import Answers
from cmdb.practices.calendar import Calendar

# What tells how long a person waits, the most telling first: of an item only the first that was measured counts.
METRICS = ("response_ms", "query_ms", "answer_ms", "greeting_ms", "connect_ms", "round_trip_ms")


def answers(
    rollups: Iterable[Rollup], hours: Calendar, length: timedelta, target_ms: float, target_share: float
) -> Answers | None:
    """Of stretches of this length, those that began in the hours; None of none."""
    counted = [one for one in rollups if hours.always_open or hours.open_spans(one.start, one.start + length)]
    whole = merged(counted, counted[0].start) if counted else None
    if whole is None:
        return None
    return Answers(
        target_ms=target_ms,
        target_share=target_share,
        actual_ms=whole.quantile(target_share),
        within=sum(one.count_within(target_ms) for one in counted) / whole.count,
        count=whole.count,
    )
