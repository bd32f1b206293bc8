"""What the `services` and `sla` views show, and which changes touch their rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from cmdb.clock import Clock
from cmdb.hub.rows import Row
from cmdb.hub.service_rows import agreement_row, service_row
from cmdb.hub.services import RETIRED, Services
from cmdb.model.change import Delta
from cmdb.model.kind import Kind


class ServiceRows:
    default_order = "criticality,name"

    def __init__(self, services: Services, clock: Clock) -> None:
        self._services, self._clock = services, clock

    async def rows(self) -> AsyncIterator[Row]:
        for service in [one for one in self._services.services.values() if one.stage != RETIRED]:
            yield service_row(self._services, service, self._clock.now())

    async def row(self, id_: str) -> Row | None:
        service = self._services.services.get(id_)
        return (
            None
            if service is None or service.stage == RETIRED
            else service_row(self._services, service, self._clock.now())
        )

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        return self._services.take(deltas)


class AgreementRows:
    default_order = "budget_remaining,name"

    def __init__(self, services: Services, clock: Clock) -> None:
        self._services, self._clock = services, clock

    async def rows(self) -> AsyncIterator[Row]:
        for agreement in list(self._services.agreements.values()):
            yield agreement_row(self._services, agreement, self._clock.now())

    async def row(self, id_: str) -> Row | None:
        agreement = self._services.agreements.get(id_)
        return None if agreement is None else agreement_row(self._services, agreement, self._clock.now())

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        return touched_agreements(self._services, deltas)


def touched_agreements(services: Services, deltas: Sequence[Delta]) -> Iterable[str]:
    """The agreements that these changes are about, also those that are gone by now."""
    about = services.take(deltas)
    named = {delta.id for delta in deltas if delta.kind is Kind.AGREEMENT}
    return named | {one.id for one in services.agreements.values() if one.service in about}
