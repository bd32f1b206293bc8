"""Who is on call: the rotations' result, changed by overrides, or replaced whole by a temporary schedule. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cmdb.model.oncall import Override, OverrideKind, Schedule
from cmdb.practices.rotation import Shift, shifts
from cmdb.practices.span import Span
from cmdb.practices.wall_time import zone_named

People = frozenset[str]
_INSTANT = timedelta(microseconds=1)
NIGHT = (22, 6)  # hours of the wall clock


class Duty(NamedTuple):
    """The same people over [start, end); nobody is a gap."""

    people: People
    start: datetime
    end: datetime


class Load(NamedTuple):
    """Hours that one person had."""

    total_h: float
    night_h: float
    weekend_h: float


def on_call(schedule: Schedule, overrides: Iterable[Override], at: datetime) -> People:
    """Who is on call at this moment."""
    return _resolved(_shifts(schedule, Span(at, at + _INSTANT)), list(overrides), schedule.name, at)


def duties(schedule: Schedule, overrides: Iterable[Override], window: Span) -> list[Duty]:
    """Who is on call over a window, gaps included, in order and without overlaps."""
    known = [one for one in overrides if one.schedule == schedule.name]
    found = _shifts(schedule, window)
    edges = {window.start, window.end}
    for span in (*((one.start, one.end) for one in found), *((one.start, one.end) for one in known)):
        edges |= {edge for edge in span if window.start < edge < window.end}
    joined: list[Duty] = []
    moments = sorted(edges)
    for start, end in itertools.pairwise(moments):
        people = _resolved([one for one in found if one.start <= start < one.end], known, schedule.name, start)
        if joined and joined[-1].people == people:
            joined[-1] = joined[-1]._replace(end=end)
        else:
            joined.append(Duty(people, start, end))
    return joined


def gaps(schedule: Schedule, overrides: Iterable[Override], window: Span) -> list[Span]:
    """When nobody is on call."""
    return [Span(one.start, one.end) for one in duties(schedule, overrides, window) if not one.people]


def fairness(schedule: Schedule, overrides: Iterable[Override], window: Span) -> dict[str, Load]:
    """The load of each person: in all, at night (22 to 6) and on weekends, by the wall clock of the schedule."""
    loads: dict[str, Load] = {}
    for duty in duties(schedule, overrides, window):
        for start, end, is_night, is_weekend in _pieces(duty, schedule.timezone):
            hours = (end - start).total_seconds() / 3600
            for person in duty.people:
                load = loads.get(person, Load(0.0, 0.0, 0.0))
                loads[person] = Load(
                    load.total_h + hours, load.night_h + hours * is_night, load.weekend_h + hours * is_weekend
                )
    return loads


def override_error(new: Override, known: Iterable[Override]) -> str:
    """Why this override cannot be taken; empty when it can."""
    if new.end <= new.start:
        return "it ends before it begins"
    if new.kind is OverrideKind.REPLACE and (len(new.people) != 1 or not new.instead_of):
        return "a replacement names who comes and who goes"
    if new.kind in {OverrideKind.ADD, OverrideKind.TEMPORARY} and not new.people:
        return "it names nobody"
    for one in known:
        concurrent = one.schedule == new.schedule and one.start < new.end and new.start < one.end
        same = (one.kind, one.people, one.instead_of) == (new.kind, new.people, new.instead_of)
        if concurrent and (same or one.kind is new.kind is OverrideKind.TEMPORARY):
            return f"{one.id} says the same already, from {one.start:%Y-%m-%dT%H:%MZ} to {one.end:%Y-%m-%dT%H:%MZ}"
    return ""


def _shifts(schedule: Schedule, window: Span) -> list[Shift]:
    return [shift for rotation in schedule.rotations for shift in shifts(rotation, schedule.timezone, window)]


def _resolved(found: Iterable[Shift], overrides: Sequence[Override], schedule: str, at: datetime) -> People:
    active = [one for one in overrides if one.schedule == schedule and one.start <= at < one.end]
    for one in active:
        if one.kind is OverrideKind.TEMPORARY:
            return frozenset(one.people)
    usual = {person for shift in found for person in shift.people}
    people = set(usual)
    for one in active:
        if one.kind is OverrideKind.REPLACE and one.instead_of in usual:
            people.discard(one.instead_of)
            people.update(one.people)
        elif one.kind is OverrideKind.REMOVE:
            people.difference_update(one.people)
    return frozenset(people.union(*(one.people for one in active if one.kind is OverrideKind.ADD)))


def _pieces(duty: Duty, timezone: str) -> Iterator[tuple[datetime, datetime, bool, bool]]:
    """The duty cut at the hours of the wall clock: each piece is wholly night or not, weekend or not."""
    zone = zone_named(timezone)
    start = duty.start
    while start < duty.end:
        wall = start.astimezone(zone)
        end = min(
            duty.end, start + timedelta(minutes=60 - wall.minute, seconds=-wall.second, microseconds=-wall.microsecond)
        )
        yield start, end, wall.hour >= NIGHT[0] or wall.hour < NIGHT[1], wall.weekday() >= 5
        start = end
