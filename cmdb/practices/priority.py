"""Priority from impact × urgency, and when a person is to have responded and resolved by. Not service hours.

Impact and urgency go from 1 (high) to 3 (low), priority from 1 to 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

Matrix = Sequence[Sequence[int]]  # [impact - 1][urgency - 1]

_URGENCY: Mapping[str, int] = {"critical": 1, "warning": 2, "unknown": 3}


def urgency_of(severity: str, *, redundancy_left: bool = False) -> int:
    """How soon it matters: from the check's state, one step lower while a redundant sibling still serves."""
    urgency = _URGENCY.get(severity, 3)
    return min(3, urgency + 1) if redundancy_left else urgency


def impact_of(criticalities: Iterable[int], default: int) -> int:
    """How much it matters: the criticality of the most critical service that it reaches."""
    return min(criticalities, default=default)


def priority_of(impact: int, urgency: int, matrix: Matrix) -> int:
    return matrix[impact - 1][urgency - 1]


def due(opened_at: datetime, priority: int, minutes: Sequence[int]) -> datetime:
    """The moment by which it is to be done, `minutes` being by priority from 1."""
    return opened_at + timedelta(minutes=minutes[priority - 1])
