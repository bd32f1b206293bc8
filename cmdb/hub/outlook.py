"""What is foreseen of an agreement now: its budget's trend, and the clocks of open incidents about its service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from cmdb.config import IncidentSection
from cmdb.hub.reach import commitments_of, usual
from cmdb.hub.service_rows import hours_of, record_until
from cmdb.hub.services import Services
from cmdb.model.incident import Incident
from cmdb.model.service import Agreement
from cmdb.practices.clock_forecast import clocks_ahead
from cmdb.practices.forecast import Ahead, Forecast, forecast
from cmdb.practices.incident_clock import clocks_of


class Outlook:
    """`of` one agreement at a moment; `incidents` are the open ones."""

    def __init__(self, services: Services, config: IncidentSection) -> None:
        self._services, self._usual = services, usual(config)

    def of(self, agreement: Agreement, incidents: Iterable[Incident], now: datetime) -> Forecast:
        hours = hours_of(self._services.services.get(agreement.service), agreement)
        record = record_until(self._services, agreement.service, now)
        return forecast(agreement, hours, record, now, self._clocks(agreement, incidents, now))

    def _clocks(self, agreement: Agreement, incidents: Iterable[Incident], now: datetime) -> Iterator[Ahead]:
        for incident in incidents:
            if agreement.service not in incident.services:
                continue
            agreed = [one for one in commitments_of(self._services, incident) if one.agreement == agreement.name]
            if agreed:
                clocks = clocks_of(incident, agreed, self._usual)
                own = (one for one in clocks if one.agreement == agreement.name)
                yield from clocks_ahead(incident.number, own, now)
