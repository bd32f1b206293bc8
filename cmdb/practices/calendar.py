"""Service hours: when a service is agreed to be there, or a team at work. Evaluated in its own zone, spans in UTC.

An expression is `24x7`, or days and hours, parts separated by `;`::

    Mon-Fri 09:00-17:00
    Mon-Fri 08:00-13:00,14:00-18:00; Sat 9-12
    Fri 22:00-06:00                              (ends on the next day)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import msgspec

from cmdb.model.service import Holidays
from cmdb.practices.holiday import closed_days
from cmdb.practices.span import Span, Spans, difference, union, within
from cmdb.practices.wall_time import MINUTES_A_DAY, moment_of, zone_named

ALWAYS = "24x7"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ANY_YEAR = 2026  # tells an unknown country or a malformed date as well as any other
_HOURS = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?")

Minutes = tuple[int, int]  # from, to: minutes past the midnight that the day began with


class CalendarError(ValueError):
    """Hours, zone or holidays that make no calendar; the message says which part and why."""


class Calendar(msgspec.Struct, frozen=True):
    """`week` holds the open minutes of each weekday, Monday first. `text` is the expression that it was made of.

    `but` are hours of every week, `closed` stretches of time, that are taken out of it.
    """

    text: str
    zone: str
    week: tuple[tuple[Minutes, ...], ...]
    holidays: Holidays = Holidays()
    but: tuple[Calendar, ...] = ()
    closed: Spans = ()

    @property
    def always_open(self) -> bool:
        return self.text == ALWAYS and not self.holidays and not self.but and not self.closed

    @property
    def spoken(self) -> str:
        """The hours as people are told them."""
        return " but not ".join([self.text, *(each.text for each in self.but)])

    def without(self, weekly: Iterable[Calendar], once: Iterable[Span]) -> Calendar:
        """This calendar with more taken out of it."""
        but, closed = (*self.but, *weekly), union((*self.closed, *once))
        return msgspec.structs.replace(self, but=but, closed=closed)

    def open_spans(self, start: datetime, end: datetime) -> Spans:
        """The open time within [start, end)."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        open_ = self._open(start, end)
        for each in self.but:
            open_ = difference(open_, each.open_spans(start, end))
        return difference(open_, within(self.closed, Span(start, end))) if self.closed else open_

    def _open(self, start: datetime, end: datetime) -> Spans:
        if self.text == ALWAYS and not self.holidays:
            return (Span(start, end),) if start < end else ()
        spans: list[Span] = []
        # Hours belong to the year, in their zone, that they begin in: up to a day away from the year in UTC.
        for year in range((start - timedelta(days=2)).year, (end + timedelta(days=1)).year + 1):
            spans.extend(within(_open_in(self.week, self.zone, self.holidays, year), Span(start, end)))
        return union(spans)


@lru_cache(maxsize=1024)
def parse_calendar(text: str, zone: str = "UTC", holidays: Holidays | None = None) -> Calendar:
    """The calendar of an expression. Raises `CalendarError`, also when it would never be open."""
    try:
        zone_named(zone)
        rule = holidays or Holidays()
        closed_days(rule, _ANY_YEAR)
    except ValueError as error:
        raise CalendarError(str(error)) from error
    if text.strip().lower() == ALWAYS:
        return Calendar(ALWAYS, zone, (((0, MINUTES_A_DAY),),) * len(DAYS), rule)
    week: list[list[Minutes]] = [[] for _ in DAYS]
    for part in filter(None, (part.strip() for part in text.split(";"))):
        days, _, hours = part.partition(" ")
        opened = _hours(hours, part)
        for day in _days(days, part):
            week[day % len(DAYS)].extend(opened)
    if not any(week):
        raise CalendarError(f"{text!r} has no open hour at all; write 24x7, or days and hours (Mon-Fri 09:00-17:00)")
    return Calendar(text.strip(), zone, tuple(tuple(sorted(day)) for day in week), rule)


def _days(text: str, part: str) -> Iterator[int]:
    for piece in text.lower().split(","):
        first, _, last = piece.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise CalendarError(f"{part!r}: {piece!r} is not a day; days are Mon Tue Wed Thu Fri Sat Sun, or Mon-Fri")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        yield from range(begin, end + 1 if end >= begin else end + len(DAYS) + 1)


def _hours(text: str, part: str) -> list[Minutes]:
    return [_window(piece.strip(), part) for piece in text.split(",")]


def _window(text: str, part: str) -> Minutes:
    match = _HOURS.fullmatch(text)
    if match is None:
        raise CalendarError(f"{part!r}: {text!r} is not a time from-to; write 09:00-17:00")
    begin, end = (_minute(match[hour], match[minute], part) for hour, minute in ((1, 2), (3, 4)))
    if begin in {MINUTES_A_DAY, end}:
        raise CalendarError(f"{part!r}: {text!r} is empty; a whole day is 00:00-24:00")
    return begin, end if end > begin else end + MINUTES_A_DAY


def _minute(hour: str, minute: str | None, part: str) -> int:
    value = int(hour) * 60 + int(minute or 0)
    if value > MINUTES_A_DAY or int(minute or 0) > 59:
        raise CalendarError(f"{part!r}: {hour}:{minute or '00'} is not a time of day (00:00 to 24:00)")
    return value


@lru_cache(maxsize=2048)
def _open_in(week: tuple[tuple[Minutes, ...], ...], zone_name: str, holidays: Holidays, year: int) -> Spans:
    """The open time that begins in this year of the zone."""
    zone, closed = zone_named(zone_name), closed_days(holidays, year)
    spans: list[Span] = []
    day = date(year, 1, 1)
    while day.year == year:
        if day not in closed:
            spans.extend(
                Span(moment_of(day, begin, zone), moment_of(day, end, zone)) for begin, end in week[day.weekday()]
            )
        day += timedelta(days=1)
    return union(spans)
