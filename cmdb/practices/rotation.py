"""Shifts of a rotation. Hand-offs are at wall-clock time in the schedule's zone, shifts are [start, end).

A hand-off at an hour that the clocks skip is at the moment of the change; one that comes twice, at the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from cmdb.model.oncall import Rotation
from cmdb.practices.calendar import CalendarError, parse_calendar
from cmdb.practices.duration import parse_duration_s
from cmdb.practices.span import Span
from cmdb.practices.wall_time import moment_of, zone_named


class Shift(NamedTuple):
    people: tuple[str, ...]
    start: datetime
    end: datetime


def rotation_error(rotation: Rotation, timezone: str) -> str:
    """What is wrong with the rotation; empty when nothing is."""
    try:
        period = parse_duration_s(rotation.every)
        parse_calendar(rotation.hours, timezone)
    except (ValueError, CalendarError) as error:
        return str(error)
    if period < 3600:
        return f"a shift of {rotation.every} is shorter than an hour"
    if rotation.start.tzinfo is not None:
        return "start is what the wall shows in the schedule's zone: write it without one"
    return "" if rotation.turns and all(rotation.turns) else "turns names nobody"


def shifts(rotation: Rotation, timezone: str, window: Span) -> Iterator[Shift]:
    """The shifts, clipped to the rotation's hours, that touch the window; none before the rotation's start."""
    number = max(0, _number_at(rotation, timezone, window.start))
    while (start := _hand_off(rotation, timezone, number)) < window.end:
        end = _hand_off(rotation, timezone, number + 1)
        people = rotation.turns[number % len(rotation.turns)]
        for open_ in _open(rotation.hours, timezone, start, end):
            if open_.end > window.start and open_.start < window.end:
                yield Shift(people, open_.start, open_.end)
        number += 1


def _hand_off(rotation: Rotation, timezone: str, number: int) -> datetime:
    """The moment at which shift `number` begins."""
    wall = rotation.start + number * timedelta(seconds=parse_duration_s(rotation.every))
    return moment_of(wall.date(), wall.hour * 60 + wall.minute, zone_named(timezone))


def _number_at(rotation: Rotation, timezone: str, at: datetime) -> int:
    """The shift that this moment is in; negative before the first."""
    wall = at.astimezone(zone_named(timezone)).replace(tzinfo=None)
    number = int((wall - rotation.start) // timedelta(seconds=parse_duration_s(rotation.every))) + 1
    while _hand_off(rotation, timezone, number) > at:
        number -= 1
    return number


def _open(hours: str, timezone: str, start: datetime, end: datetime) -> tuple[Span, ...]:
    return _calendar(hours, timezone).open_spans(start, end)


_calendar = lru_cache(maxsize=256)(parse_calendar)
