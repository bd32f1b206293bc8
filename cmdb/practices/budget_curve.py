"""How an error budget was used up over a window: points that can be drawn as a line. Not the days: `day_by_day`."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import msgspec

from cmdb.practices.span import Span, Spans, duration_s, within
from cmdb.practices.standing import remaining_share

POINTS = 120


class CurvePoint(msgspec.Struct, frozen=True, kw_only=True):
    """`left` is the share of the whole budget that was left at this moment, below zero once it was overdrawn."""

    at: datetime
    left: float


def budget_curve(down: Spans, window: Span, budget_s: float, points: int = POINTS) -> tuple[CurvePoint, ...]:
    """The budget at evenly spaced moments from the window's start to its end; none of an empty window.

    `down` is the time that the agreement counts, in order and without overlaps.
    """
    if window.start >= window.end:
        return ()
    step = (window.end - window.start) / points
    moments = [*(window.start + step * number for number in range(points)), window.end]
    used_s, found = 0.0, [CurvePoint(at=window.start, left=1.0)]
    for start, end in pairwise(moments):
        used_s += duration_s(within(down, Span(start, end)))
        found.append(CurvePoint(at=end, left=remaining_share(budget_s, used_s)))
    return tuple(found)
