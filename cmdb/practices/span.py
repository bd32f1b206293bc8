"""Spans of time [start, end) and their arithmetic. Not states, not calendars: those say what a span means.

Every result is in order, without overlaps and without empty spans.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple


class Span(NamedTuple):
    """From `start` up to, not including, `end`."""

    start: datetime
    end: datetime


Spans = tuple[Span, ...]


def union(spans: Iterable[Span]) -> Spans:
    """All time that at least one of these covers."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span.start < span.end):
        if joined and start <= joined[-1].end:
            if end > joined[-1].end:
                joined[-1] = Span(joined[-1].start, end)
        else:
            joined.append(Span(start, end))
    return tuple(joined)


def intersection(left: Sequence[Span], right: Sequence[Span]) -> Spans:
    """The time that both cover; each must be in order and without overlaps, as `union` leaves it."""
    common: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i].start, right[j].start), min(left[i].end, right[j].end)
        if start < end:
            common.append(Span(start, end))
        if left[i].end <= right[j].end:
            i += 1
        else:
            j += 1
    return tuple(common)


def difference(left: Sequence[Span], right: Sequence[Span]) -> Spans:
    """The time of `left` that `right` does not cover; each in order and without overlaps."""
    if not right:
        return tuple(left)
    remaining: list[Span] = []
    j = 0
    for start, end in left:
        while j < len(right) and right[j].end <= start:
            j += 1
        begin, k = start, j
        while k < len(right) and right[k].start < end:
            if begin < right[k].start:
                remaining.append(Span(begin, right[k].start))
            begin = max(begin, right[k].end)
            k += 1
        if begin < end:
            remaining.append(Span(begin, end))
    return tuple(remaining)


def within(spans: Sequence[Span], window: Span) -> Spans:
    """What of the spans lies in the window: `intersection` with one span, found by bisection."""
    first = bisect_right(spans, window.start, key=lambda span: span.end)
    last = bisect_left(spans, window.end, key=lambda span: span.start)
    if first >= last or window.start >= window.end:
        return ()
    reached = list(spans[first:last])
    reached[0] = Span(max(reached[0].start, window.start), reached[0].end)
    reached[-1] = Span(reached[-1].start, min(reached[-1].end, window.end))
    return tuple(reached)


def duration_s(spans: Iterable[Span]) -> float:
    """Their lengths added up, in seconds, exact to the microsecond."""
    return sum((span.end - span.start for span in spans), timedelta()).total_seconds()
