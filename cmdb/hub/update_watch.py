"""Rings when an update on a major incident is due: a step of its timeline and a message to who has it, once each."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from cmdb.clock import Clock
from cmdb.hub.escalation_desk import EscalationDesk
from cmdb.hub.incident_book import IncidentBook
from cmdb.hub.ledger import Ledger
from cmdb.hub.roster import Roster
from cmdb.model.change import Change, Put
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.model.oncall import Person
from cmdb.practices import major
from cmdb.practices.delivery import addressed, notice_of
from cmdb.store.protocol import StaleVersion

ACTOR = "hub"
_log = logging.getLogger(__name__)


class UpdateWatch:
    """`look` now and then."""

    def __init__(
        self, ledger: Ledger, clock: Clock, book: IncidentBook, roster: Roster, escalations: EscalationDesk
    ) -> None:
        self._ledger, self._clock, self._book, self._roster = ledger, clock, book, roster
        self._escalations = escalations

    async def look(self) -> None:
        """Ring for what is due and has not rung yet."""
        now = self._clock.now()
        for incident in self._book:
            if not major.rings(incident, now):
                continue
            try:
                done = await self._ledger.commit(await self._ringing(incident), actor=ACTOR, reason="update due")
            except StaleVersion:
                _log.info("INC-%d: somebody was quicker; it is looked at again", incident.number)
            else:
                self._book.take(done.deltas if done else ())

    async def _ringing(self, incident: Incident) -> list[Change]:
        now = self._clock.now()
        people = await self._concerned(incident)
        assert incident.major is not None
        id_ = f"update/{incident.id}/{incident.major.update_due_at:%Y%m%dT%H%M%S}"
        message = notice_of(incident.number, major.reminder_title(incident), major.reminder_text(incident, now), now)
        rung = major.rung(incident, ACTOR, now, [person.name for person in people])
        return [
            Put(Kind.INCIDENT, rung, incident.version),
            *(Put(Kind.DELIVERY, addressed(message, f"{id_}/{one.name}", one, 1), 0) for one in people),
        ]

    async def _concerned(self, incident: Incident) -> Sequence[Person]:
        """Who has it and who declared it, as far as they can be told; else who would be told of it first."""
        assert incident.major is not None
        known = self._roster.directory.people
        named = {incident.assignee, incident.acknowledged_by, incident.major.declared_by}
        if found := sorted(name for name in named if name in known):
            return [known[name] for name in found]
        previewed = await self._escalations.preview(incident)
        first = [step for route in previewed["routes"] for step in route["steps"][:1]]
        names = {person["name"] for step in first for target in step["targets"] for person in target["people"]}
        return [known[name] for name in sorted(names)]
