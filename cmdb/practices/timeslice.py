"""Availability by slices of time, as OpenSLO budgets it: a slice is good or bad as a whole.

Ratio time slices (the mean of all slices' shares) are availability by time, and need nothing of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import floor

from cmdb.practices.span import Span, Spans, duration_s, union, within

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def slices_in(period_s: float, slice_s: float) -> int:
    """How many whole slices a period has."""
    return floor(period_s / slice_s)


def bad_slices_allowed(period_s: float, slice_s: float, target: float) -> int:
    """How many of them may be bad."""
    return floor(round(slices_in(period_s, slice_s) * (1 - target), 6))


def bad_slices(down: Sequence[Span], slice_s: float, slice_target: float) -> Spans:
    """The slices of which less than `slice_target` was up; `down` is in order and without overlaps.

    Slices begin at multiples of their length since 1970, so that every reader cuts time in the same places.
    """
    found: list[Span] = []
    length = timedelta(seconds=slice_s)
    for start, end in down:
        number = (start - _EPOCH) // length
        while (begin := _EPOCH + number * length) < end:
            cut = Span(begin, begin + length)
            if 1 - duration_s(within(down, cut)) / slice_s < slice_target:
                found.append(cut)
            number += 1
    return union(found)
