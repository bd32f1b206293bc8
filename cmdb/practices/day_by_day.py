"""A window cut at the midnights of its zone: each day's figures, and what was left of the budget at its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate

import msgspec

from cmdb.model.service import Interval
from cmdb.practices.agreement_history import Terms, account
from cmdb.practices.period import period_window
from cmdb.practices.span import Span
from cmdb.practices.standing import remaining_share


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """`share` is None where nothing was observed; `left` is the share of the whole budget that is left at its end."""

    day: date
    share: float | None
    left: float


def day_by_day(
    history: Sequence[Terms], intervals: Sequence[Interval], window: Span, zone: str, budget_s: float
) -> tuple[Day, ...]:
    """The days of a window, the first and the last one perhaps in part."""
    parts = list(_parts(window, zone))
    found = [account(history, intervals, part).availability for _, part in parts]
    gone_s = accumulate(one.down_s for one in found)
    return tuple(
        Day(day=day, share=one.share, left=remaining_share(budget_s, down_s))
        for (day, _), one, down_s in zip(parts, found, gone_s, strict=True)
    )


def _parts(window: Span, zone: str) -> list[tuple[date, Span]]:
    parts: list[tuple[date, Span]] = []
    at = window.start
    while at < window.end:
        day = period_window("day", at, zone)
        part = Span(at, min(day.end, window.end))
        parts.append(((day.start + timedelta(hours=12)).date(), part))
        at = part.end
    return parts
