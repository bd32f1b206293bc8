"""Error budgets that burn too quickly enter the incident path here: one incident an agreement, or a note on the one
that is about the same service already."""

from __future__ import annotations

import functools
import logging
from datetime import datetime, timedelta

import msgspec

from cmdb.clock import Clock
from cmdb.hub.incident_book import IncidentBook
from cmdb.hub.incident_record import IncidentRecord
from cmdb.hub.service_rows import hours_of, record_until
from cmdb.hub.services import ACTOR, Services
from cmdb.model.incident import Incident
from cmdb.model.service import Agreement
from cmdb.practices.burn_alarm import PAGE, BurnAlarm, burn_alarm
from cmdb.practices.incident import noted, resolved
from cmdb.practices.incident_opening import opened_by_hand
from cmdb.practices.incident_state import NotPossible
from cmdb.practices.incident_weight import Policy

# A short window is quiet soon; an incident that comes and goes with it would call people for nothing.
HOLD_DOWN = timedelta(minutes=15)
_URGENCY = {PAGE: 1}
_log = logging.getLogger(__name__)


class BurnAlarms:
    """`look` now and then."""

    def __init__(
        self, clock: Clock, services: Services, book: IncidentBook, record: IncidentRecord, policy: Policy
    ) -> None:
        self._clock, self._services, self._policy = clock, services, policy
        self._book, self._record = book, record
        self._quiet_since: dict[str, datetime] = {}
        self._noted: set[tuple[int, str, str]] = set()

    async def look(self) -> None:
        now = self._clock.now()
        for agreement in list(self._services.agreements.values()):
            hours = hours_of(self._services.services.get(agreement.service), agreement)
            seen = round(self._services.members.looks_an_hour(agreement.service))
            alarm = burn_alarm(agreement, hours, record_until(self._services, agreement.service, now), now, seen)
            own = self._incident(_key(agreement))
            if alarm is None:
                await self._quiet(agreement, own, now)
                continue
            self._quiet_since.pop(agreement.name, None)
            if own is None:
                await self._raise(agreement, alarm, now)

    async def _raise(self, agreement: Agreement, alarm: BurnAlarm, now: datetime) -> None:
        about = next((one for one in self._book if agreement.service in one.services), None)
        if about is not None:
            await self._note(about, alarm, now)
            return
        service = self._services.services.get(agreement.service)

        def made(number: int) -> Incident:
            incident = opened_by_hand(
                number,
                self._policy,
                now,
                title=alarm.title,
                ci=None,
                impact=2 if service is None else service.criticality,
                urgency=_URGENCY.get(alarm.severity, 3),
                who=ACTOR,
                text=alarm.text,
                key=_key(agreement),
            )
            return msgspec.structs.replace(incident, services=(agreement.service,))

        await self._record.open(made, actor=ACTOR, reason="error budget")

    async def _note(self, incident: Incident, alarm: BurnAlarm, now: datetime) -> None:
        """Say it once on the incident that people look at already."""
        token = (incident.number, alarm.agreement, alarm.severity)
        said = any(entry.what == "note" and alarm.title in entry.text for entry in incident.timeline)
        if token in self._noted or (said and alarm.severity != PAGE):
            return
        self._noted.add(token)
        text = f"{alarm.title} ({alarm.severity}): {alarm.text}"
        rule = functools.partial(noted, who=ACTOR, at=now, text=text)
        await self._record.change(incident.number, rule, actor=ACTOR, reason="error budget")

    async def _quiet(self, agreement: Agreement, own: Incident | None, now: datetime) -> None:
        if own is None:
            return
        since = self._quiet_since.setdefault(agreement.name, now)
        if now - since < HOLD_DOWN:
            return
        text = f"the error budget of {agreement.name} burns slowly enough since {since:%H:%M}Z"
        rule = functools.partial(resolved, who=ACTOR, at=now, text=text)
        try:
            await self._record.change(own.number, rule, actor=ACTOR, reason="error budget")
        except NotPossible as error:
            _log.info("INC-%d: %s", own.number, error)  # somebody was quicker

    def _incident(self, key: str) -> Incident | None:
        return next((one for one in self._book if one.key == key), None)


def _key(agreement: Agreement) -> str:
    return f"budget:{agreement.name}"
