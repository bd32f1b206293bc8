"""A series as one line of characters, higher for more. Not where the series comes from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

LEVELS = "▁▂▃▄▅▆▇█"
NOTHING = "·"


def binned(
    points: Sequence[tuple[datetime, float]], since: datetime, until: datetime, columns: int
) -> list[float | None]:
    """The means of the points by columns of equal length; None where there is no point."""
    sums: list[list[float]] = [[] for _ in range(columns)]
    length_s = max((until - since).total_seconds(), 1.0)
    for at, value in points:
        column = int((at - since).total_seconds() / length_s * columns)
        sums[min(columns - 1, max(0, column))].append(value)
    return [sum(values) / len(values) if values else None for values in sums]


def sparkline(values: Sequence[float | None]) -> str:
    """From the lowest to the highest of these values; a level line where all are the same."""
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    return "".join(NOTHING if value is None else _level(value, low, high) for value in values)


def _level(value: float, low: float, high: float) -> str:
    share = 0.5 if high == low else (value - low) / (high - low)
    return LEVELS[min(len(LEVELS) - 1, int(share * len(LEVELS)))]
