"""When something that fills up will be full at the present trend. Not what is measured, nor who is to be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

# Less than this is no trend: a nightly backup, a log that is rotated.
LEAST_POINTS = 12
LEAST_SPAN = timedelta(hours=12)
LEAST_FIT = 0.7  # of R²: the share of the ups and downs that a straight line explains
FURTHEST = timedelta(days=90)


class Point(NamedTuple):
    at: datetime
    value: float


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """`value` now rises by `per_day` and reaches `limit` at `at`; `points` and `fit` say how well that is founded."""

    at: datetime
    value: float
    limit: float
    per_day: float
    points: int
    fit: float


def reaches(points: Sequence[Point], limit: float, now: datetime) -> Limit | None:
    """When a straight line through the points (in order of time) reaches the limit; None without such a trend."""
    if len(points) < LEAST_POINTS or points[-1].at - points[0].at < LEAST_SPAN:
        return None
    days = [(point.at - now) / timedelta(days=1) for point in points]
    values = [point.value for point in points]
    mean_day, mean_value = sum(days) / len(days), sum(values) / len(values)
    spread = sum((day - mean_day) ** 2 for day in days)
    together = sum((day - mean_day) * (value - mean_value) for day, value in zip(days, values, strict=True))
    varied = sum((value - mean_value) ** 2 for value in values)
    if spread <= 0 or varied <= 0 or together <= 0:
        return None
    per_day, fit = together / spread, together**2 / (spread * varied)
    ahead = timedelta(days=max(0.0, limit - points[-1].value) / per_day)
    if fit < LEAST_FIT or ahead > FURTHEST:
        return None
    return Limit(at=now + ahead, value=points[-1].value, limit=limit, per_day=per_day, points=len(points), fit=fit)
