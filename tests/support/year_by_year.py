"""The figures of a simulated year, computed twice: as it went on, and afterwards from what was recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from cmdb.practices.agreement_history import Terms, account
from cmdb.practices.business_time import elapsed_s
from cmdb.practices.clock import Clock, ClockEvent, Target, replay
from cmdb.practices.span import Span
from tests.support.simulated_year import SimulatedIncident, SimulatedService, months


class Month(NamedTuple):
    """Seconds of service time in a month of a service."""

    agreed_s: float
    down_s: float
    unknown_s: float
    maintenance_s: float


class Clocked(NamedTuple):
    passed_s: float
    due: datetime | None


def months_as_they_went(service: SimulatedService) -> list[Month]:
    """One counter, added to at every change of state, of terms and of month: no look at what was before."""
    counts = [Counter[str]() for _ in range(12)]
    for start, end, state in _stretches(service):
        counts[start.month - 1][state] += round(elapsed_s(_terms_at(service.terms, start).hours, start, end))
    return [
        Month(count.total() - count["maintenance"], count["down"], count["unknown"], count["maintenance"])
        for count in counts
    ]


def months_from_the_record(service: SimulatedService) -> list[Month]:
    bounds = months()
    found = [account(service.terms, service.record, Span(*window)).availability for window in pairwise(bounds)]
    return [Month(one.agreed_s, one.down_s, one.unknown_s, one.maintenance_s) for one in found]


def clocks_as_they_went(service: SimulatedService) -> list[Clocked]:
    """Each incident's clock, told one event after another; a changed agreement comes in between."""
    return [_clock_as_it_went(service.targets, incident) for incident in service.incidents]


def clocks_from_the_record(service: SimulatedService) -> list[Clocked]:
    """Each incident's clock from all of its events under the target in force when it ended."""
    return [
        _clocked(replay(_target_at(service.targets, one.events[-1].at), one.created_at, one.events))
        for one in service.incidents
    ]


def _clock_as_it_went(targets: Sequence[tuple[datetime, Target]], incident: SimulatedIncident) -> Clocked:
    clock = Clock.started(_target_at(targets, incident.created_at), incident.created_at)
    seen: list[ClockEvent] = []
    for event in incident.events:
        target = _target_at(targets, event.at)
        if target is not clock.target:
            clock = replay(target, incident.created_at, seen)
        clock = clock.after(event)
        seen.append(event)
    return _clocked(clock)


def _clocked(clock: Clock) -> Clocked:
    return Clocked(clock.passed_s, clock.due)


def _stretches(service: SimulatedService) -> Iterator[tuple[datetime, datetime, str]]:
    """The year cut at every change of state, terms and month."""
    cuts = sorted({*months(), *(terms.since for terms in service.terms)})
    for interval in service.record:
        assert interval.end is not None
        within = [cut for cut in cuts if interval.start < cut < interval.end]
        bounds = [interval.start, *within, interval.end]
        for start, end in pairwise(bounds):
            yield start, end, interval.state


def _terms_at(terms: Sequence[Terms], at: datetime) -> Terms:
    return [one for one in terms if one.since <= at][-1]


def _target_at(targets: Sequence[tuple[datetime, Target]], at: datetime) -> Target:
    return [target for since, target in targets if since <= at][-1]
