"""Which services stand on some CIs, and what is agreed about them: what an incident's weight is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cmdb.hub.services import Services
from cmdb.practices.incident_plan import Reached


def reached_by(services: Services, cis: Iterable[str]) -> Reached:
    """The services that any of these CIs is a part of; of several agreements the strictest minutes count."""
    found = services.supported_by(cis)
    names = {service.id for service in found}
    agreements = [agreement for agreement in services.agreements.values() if agreement.service in names]
    return Reached(
        services=tuple(service.name for service in found),
        criticalities=tuple(service.criticality for service in found),
        respond_minutes=_strictest(agreement.respond_minutes for agreement in agreements),
        resolve_minutes=_strictest(agreement.resolve_minutes for agreement in agreements),
    )


def _strictest(agreed: Iterable[Mapping[str, int]]) -> dict[int, int]:
    strictest: dict[int, int] = {}
    for minutes in agreed:
        for priority, limit in minutes.items():
            strictest[int(priority)] = min(limit, strictest.get(int(priority), limit))
    return strictest
