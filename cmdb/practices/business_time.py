"""Business time: how much of it has passed, and when so much will have. Not what starts or pauses a clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cmdb.practices.calendar import Calendar, CalendarError
from cmdb.practices.span import Span, difference, duration_s

# A calendar that is not open within this time is taken to be closed for ever.
_HORIZON = timedelta(days=366 * 4)
_STEP = timedelta(days=92)


def elapsed_s(calendar: Calendar, start: datetime, end: datetime, pauses: Sequence[Span] = ()) -> float:
    """The open seconds of [start, end) outside the pauses, which are in order and without overlaps."""
    return duration_s(difference(calendar.open_spans(start, end), pauses))


def deadline(calendar: Calendar, start: datetime, goal_s: float, pauses: Sequence[Span] = ()) -> datetime:
    """The first moment at which so much business time has passed since the start.

    Raises `CalendarError` when the calendar does not open long enough in the next four years.
    """
    if calendar.always_open and not pauses:
        return start + timedelta(seconds=goal_s)
    if goal_s <= 0:
        return start
    remaining, begin = timedelta(seconds=goal_s), start
    last_open = start
    while begin - last_open < _HORIZON:
        end = begin + _STEP
        for span in difference(calendar.open_spans(begin, end), pauses):
            length = span.end - span.start
            if length >= remaining:
                return span.start + remaining
            remaining -= length
            last_open = span.end
        begin = end
    raise CalendarError(f"{calendar.text!r} is never open after {last_open:%Y-%m-%d}: no deadline can be given")
