"""Planned maintenance: when a window is open, fixed, flexible or recurring. Pure; what it silences is the callers'.

- fixed: from `start` to `end`.
- flexible: it begins with the first problem between `start` and `end`, and lasts `lasts_s` from then, also past `end`.
- recurring: `repeats` is a calendar expression (`Sun 02:00-04:00`) in its own zone, between `start` and `end`;
  `weeks` narrows it to the first (1) to fifth (5) or last (-1) such day of a month.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import msgspec

from cmdb.practices.calendar import CalendarError, parse_calendar
from cmdb.practices.span import Span, Spans, union, within
from cmdb.practices.wall_time import zone_named


class Window(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`select` is the filter of the CIs that it covers; `ended_at` is when somebody ended it early."""

    title: str
    select: str
    start: datetime
    end: datetime
    lasts_s: float = 0.0
    repeats: str = ""
    timezone: str = "UTC"
    weeks: tuple[int, ...] = ()
    ended_at: datetime | None = None


class WindowError(ValueError):
    """A window that can never be open, or says two things at once; the message says why and what to do."""


def verify(window: Window) -> None:
    """Raises `WindowError`."""
    if window.end <= window.start:
        raise WindowError(f"it ends ({window.end:%Y-%m-%d %H:%M}) before it begins")
    if window.lasts_s < 0 or (window.lasts_s and window.repeats):
        raise WindowError("it is either flexible (lasts) or recurring (repeats)")
    if window.weeks and not window.repeats:
        raise WindowError("weeks narrow what repeats: say when it repeats (Sun 02:00-04:00)")
    if not set(window.weeks) <= {1, 2, 3, 4, 5, -1}:
        raise WindowError("weeks are 1 to 5, or -1 for the last of the month")
    if not window.select.strip():
        raise WindowError("it covers everything: name at least a class or a host")
    try:
        zone_named(window.timezone)
        if window.repeats:
            parse_calendar(window.repeats, window.timezone)
    except (CalendarError, ValueError) as error:
        raise WindowError(str(error)) from error


def open_spans(window: Window, start: datetime, end: datetime, problems: Sequence[datetime] = ()) -> Spans:
    """When it is open within [start, end). `problems` are the moments at which what it covers turned hard bad."""
    closed = min(end, window.ended_at) if window.ended_at is not None else end
    return within(union(_spans(window, start, closed, problems)), Span(start, closed)) if start < closed else ()


def open_at(window: Window, at: datetime, problems: Sequence[datetime] = ()) -> Span | None:
    """The span that is open at this moment, if one is."""
    around = timedelta(days=8)
    since = at if window.repeats else min(at, window.start)
    spans = open_spans(window, since - around, at + around, problems)
    return next((span for span in spans if span.start <= at < span.end), None)


def _spans(window: Window, start: datetime, end: datetime, problems: Sequence[datetime]) -> Iterable[Span]:
    if window.repeats:
        return _recurring(window, Span(max(start, window.start), min(end, window.end)))
    if window.lasts_s:
        return _flexible(window, problems)
    return (Span(window.start, window.end),)


def _flexible(window: Window, problems: Sequence[datetime]) -> Iterable[Span]:
    first = min((moment for moment in problems if window.start <= moment < window.end), default=None)
    return () if first is None else (Span(first, first + timedelta(seconds=window.lasts_s)),)


def _recurring(window: Window, bounds: Span) -> Iterable[Span]:
    # A night that began before the bounds is cut to them after its day is known.
    hours = parse_calendar(window.repeats, window.timezone)
    spans = hours.open_spans(bounds.start - timedelta(days=2), bounds.end + timedelta(days=2))
    chosen = [span for span in spans if not window.weeks or _is_in_weeks(span, window)]
    return within(union(chosen), bounds) if bounds.start < bounds.end else ()


def _is_in_weeks(span: Span, window: Window) -> bool:
    day = span.start.astimezone(zone_named(window.timezone)).date()
    return (day.day - 1) // 7 + 1 in window.weeks or (-1 in window.weeks and _is_last_of_its_weekday(day))


def _is_last_of_its_weekday(day: date) -> bool:
    return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
