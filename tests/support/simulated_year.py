"""A year of services: outages, maintenance, incidents, holidays of three countries, four changed agreements.

The same for the same seed. What happened is given as it was recorded; nothing here computes a figure.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cmdb.model.service import Holidays, Interval
from cmdb.practices.agreement_history import Terms
from cmdb.practices.calendar import Calendar, parse_calendar
from cmdb.practices.clock import ClockEvent, Goal, Target

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
# In the middle of months, one on a day with a change of clocks in Europe.
CHANGES = tuple(datetime(2026, *date, tzinfo=UTC) for date in ((3, 29, 1), (6, 12, 10), (9, 3, 7), (11, 20, 15)))
WAITING = "waiting for the user"
CALENDARS = (
    parse_calendar("24x7"),
    parse_calendar("Mon-Fri 09:00-17:00", "Europe/Madrid", Holidays(country="ES", subdivision="MD")),
    parse_calendar(
        "Mon-Fri 08:00-13:00,14:00-18:00; Sat 9-12", "Europe/Berlin", Holidays(country="DE", subdivision="BE")
    ),
    parse_calendar("Sun-Thu 22:00-06:00", "America/Chicago", Holidays(country="US", subdivision="IL")),
)
TARGETS = (0.999, 0.9995, 0.99, 0.998)


@dataclass(frozen=True)
class SimulatedIncident:
    created_at: datetime
    events: tuple[ClockEvent, ...]


@dataclass(frozen=True)
class SimulatedService:
    """`terms` and `targets` are what was agreed, each with the moment since when."""

    name: str
    record: list[Interval]
    terms: tuple[Terms, ...]
    targets: tuple[tuple[datetime, Target], ...]
    incidents: tuple[SimulatedIncident, ...]


def simulated_year(services: int, seed: int = 1) -> list[SimulatedService]:
    chance = random.Random(seed)
    return [_service(f"service-{number:03}", chance) for number in range(services)]


def months() -> list[datetime]:
    """The first moment of every month of the year, and the end."""
    return [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 13)] + [END]


def _service(name: str, chance: random.Random) -> SimulatedService:
    record = list(_record(name, chance))
    moments = (START, *CHANGES)
    hours: list[Calendar] = [chance.choice(CALENDARS) for _ in moments]
    return SimulatedService(
        name,
        record,
        tuple(
            Terms(since=at, target=chance.choice(TARGETS), hours=open_)
            for at, open_ in zip(moments, hours, strict=True)
        ),
        tuple((at, _target(open_, chance)) for at, open_ in zip(moments, hours, strict=True)),
        tuple(_incident(one, chance) for one in record if one.state == "down"),
    )


def _target(hours: Calendar, chance: random.Random) -> Target:
    pauses = frozenset({WAITING}) if chance.random() < 0.7 else frozenset[str]()
    return Target(goal=Goal.RESOLVE, time_s=3600.0 * chance.choice((2, 4, 8, 16)), hours=hours, pauses=pauses)


def _record(name: str, chance: random.Random) -> Iterator[Interval]:
    state, begin = "up", START
    while begin < END:
        length_s = chance.expovariate(1 / 250_000) if state == "up" else chance.lognormvariate(7.5, 1.2)
        end = min(END, begin + timedelta(seconds=max(1, int(length_s))))
        yield Interval(id=f"{name}@{begin.isoformat()}", service=name, state=state, start=begin, end=end)
        begin = end
        if state == "up":
            state = chance.choices(("down", "degraded", "maintenance", "unknown"), (50, 20, 20, 10))[0]
        else:
            state = "up"


def _incident(outage: Interval, chance: random.Random) -> SimulatedIncident:
    """Acknowledged, worked on, perhaps on hold for some days, resolved; sometimes reopened."""
    at, events = outage.start, []

    def then(state: str, mean_s: float, reason: str = "") -> None:
        nonlocal at
        at += timedelta(seconds=1 + int(chance.expovariate(1 / mean_s)))
        events.append(ClockEvent(at, state, reason, "mia" if state == "in_progress" else ""))

    then("acknowledged", 900)
    then("in_progress", 1800)
    for _ in range(chance.randrange(3)):
        then("on_hold", 7200, chance.choice((WAITING, "waiting for a part")))
        then("in_progress", 90_000)
    then("resolved", 14_400)
    if chance.random() < 0.1:
        then("new", 40_000)
        then("resolved", 14_400)
    return SimulatedIncident(outage.start, tuple(events))
