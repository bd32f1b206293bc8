"""What is foreseen of an agreement: its budget's trend, clocks of open incidents, what fills up, how it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from cmdb.config import IncidentSection
from cmdb.hub.measuring import Measuring
from cmdb.hub.reach import commitments_of, usual
from cmdb.hub.service_rows import answers_now, hours_of, record_until
from cmdb.hub.services import Services
from cmdb.model.incident import Incident
from cmdb.model.service import Agreement
from cmdb.practices.clock_forecast import clocks_ahead
from cmdb.practices.forecast import LATENCY, Ahead, Forecast, forecast
from cmdb.practices.incident_clock import clocks_of


class Outlook:
    """`of` one agreement at a moment; `incidents` are the open ones."""

    def __init__(self, services: Services, measuring: Measuring, config: IncidentSection) -> None:
        self._services, self._measuring, self._usual = services, measuring, usual(config)

    def of(self, agreement: Agreement, incidents: Iterable[Incident], now: datetime) -> Forecast:
        hours = hours_of(self._services.services.get(agreement.service), agreement)
        record = record_until(self._services, agreement.service, now)
        others = [*self._clocks(agreement, incidents, now), *self._measured(agreement, now)]
        return forecast(agreement, hours, record, now, others)

    def _measured(self, agreement: Agreement, now: datetime) -> Iterator[Ahead]:
        found = answers_now(self._services, agreement, now)
        if found is not None and found.kept is False:
            why = (
                f"{found.within:.1%} of {found.count} answers came in {found.target_ms:g} ms, "
                f"{found.target_share:.1%} were agreed"
            )
            yield Ahead(kind=LATENCY, at=now, why=why)
        yield from self._measuring.ahead(agreement)

    def _clocks(self, agreement: Agreement, incidents: Iterable[Incident], now: datetime) -> Iterator[Ahead]:
        for incident in incidents:
            if agreement.service not in incident.services:
                continue
            agreed = [one for one in commitments_of(self._services, incident) if one.agreement == agreement.name]
            if agreed:
                clocks = clocks_of(incident, agreed, self._usual)
                own = (one for one in clocks if one.agreement == agreement.name)
                yield from clocks_ahead(incident.number, own, now)
