"""Says on an incident's timeline when a half, three quarters, nine tenths, all of its time have passed: once each."""

from __future__ import annotations

import logging

from cmdb.clock import Clock
from cmdb.config import IncidentSection
from cmdb.hub.incident_book import IncidentBook
from cmdb.hub.incident_record import IncidentRecord
from cmdb.hub.reach import commitments_of, usual
from cmdb.hub.services import ACTOR, Services
from cmdb.model.incident import Incident
from cmdb.practices.incident_clock import warned

_log = logging.getLogger(__name__)


class ClockWatch:
    """`look` now and then."""

    def __init__(
        self, clock: Clock, services: Services, config: IncidentSection, book: IncidentBook, record: IncidentRecord
    ) -> None:
        self._clock, self._services, self._book, self._record = clock, services, book, record
        self._usual = usual(config)

    async def look(self) -> None:
        for incident in self._book:
            if self._warned(incident) != incident:
                try:
                    await self._record.change(incident.number, self._warned, actor=ACTOR, reason="time passed")
                except KeyError:
                    _log.info("INC-%d is not there any more", incident.number)

    def _warned(self, incident: Incident) -> Incident:
        return warned(incident, commitments_of(self._services, incident), self._usual, self._clock.now())
