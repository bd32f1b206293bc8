"""Which services stand on some CIs, and what is agreed about them: what an incident's weight and clocks are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from cmdb.config import IncidentSection
from cmdb.graph.graph import Graph
from cmdb.hub.service_rows import hours_of
from cmdb.hub.services import Services
from cmdb.model.incident import Incident
from cmdb.model.service import Agreement, Service
from cmdb.practices.calendar import parse_calendar
from cmdb.practices.incident_clock import Commitment, timed
from cmdb.practices.incident_weight import Reached
from cmdb.practices.service_state import ServiceState
from cmdb.practices.span import Span


def reached_by(
    services: Services, graph: Graph, cis: Iterable[str], down: Iterable[str], elsewhere: Iterable[str] = ()
) -> Reached:
    """The services that these CIs are part of, and those that stand on what is `down`, however far off.

    What is redundant holds up what stands on it, while what is down `elsewhere` leaves enough of it. Of several
    agreements the strictest minutes count.
    """
    cis, lost = set(cis), set(down)
    reached, spared = graph.hit_by(lost)
    lost.update(reached)
    found = services.supported_by(cis | lost)
    spare = _spare(services, found, lost)
    if spared or any(each >= 0 for each in spare):
        everything = lost.union(elsewhere, graph.hit_by({*lost, *elsewhere}).reached)
        overwhelmed = everything.intersection(spared)
        lost |= overwhelmed | set(graph.hit_by(overwhelmed).reached)
        spared = [each for each in spared if each not in overwhelmed]
        found = services.supported_by(cis | lost)
        spare = _spare(services, found, everything)
    agreements = _about(services, {service.id for service in found})
    return Reached(
        services=tuple(service.name for service in found),
        criticalities=tuple(service.criticality for service in found),
        respond_minutes=_strictest(agreement.respond_minutes for agreement in agreements),
        resolve_minutes=_strictest(agreement.resolve_minutes for agreement in agreements),
        redundancy_left=bool(spared or spare) and min(spare, default=0) >= 0,
    )


def commitments_of(services: Services, incident: Incident) -> list[Commitment]:
    """What is agreed about the services that the incident touches."""
    return [
        Commitment(
            agreement=agreement.name,
            hours=hours_of(services.services.get(agreement.service), agreement, _planned(services, agreement.service)),
            respond_minutes=_by_number(agreement.respond_minutes),
            resolve_minutes=_by_number(agreement.resolve_minutes),
            pauses=frozenset(agreement.pauses),
            from_creation=agreement.kind != "ola",
            attached_at=agreement.starts_at,
        )
        for agreement in _about(services, set(incident.services))
    ]


def _planned(services: Services, service: str) -> Iterator[Span]:
    """The planned maintenance that the service's record has; what goes on has lasted until now."""
    for each in services.records.get(service, ()):
        if each.state == ServiceState.MAINTENANCE.value:
            yield Span(each.start, each.end or services.clock.now())


def usual(config: IncidentSection) -> Commitment:
    """What the house asks of itself where nothing is agreed: around the clock, without pauses."""
    return Commitment(
        agreement="usual",
        hours=parse_calendar("24x7"),
        respond_minutes=dict(enumerate(config.respond_minutes, 1)),
        resolve_minutes=dict(enumerate(config.resolve_minutes, 1)),
    )


def timed_by(services: Services, config: IncidentSection, incident: Incident) -> Incident:
    """The incident with the due times that its timeline and the agreements give."""
    return timed(incident, commitments_of(services, incident), usual(config))


def _spare(services: Services, found: Iterable[Service], lost: AbstractSet[str]) -> list[int]:
    return [each for service in found for each in services.members.spare(service.id, lost)]


def _about(services: Services, names: set[str]) -> list[Agreement]:
    return [agreement for agreement in services.agreements.values() if agreement.service in names]


def _by_number(minutes: Mapping[str, int]) -> dict[int, int]:
    return {int(priority): limit for priority, limit in minutes.items()}


def _strictest(agreed: Iterable[Mapping[str, int]]) -> dict[int, int]:
    strictest: dict[int, int] = {}
    for minutes in agreed:
        for priority, limit in _by_number(minutes).items():
            strictest[priority] = min(limit, strictest.get(priority, limit))
    return strictest
