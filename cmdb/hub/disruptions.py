"""Tells the stakeholders of agreements about planned work on their services ahead of it, and asks for their consent."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from cmdb.channel import NotSent
from cmdb.clock import Clock
from cmdb.hub.ledger import Ledger
from cmdb.hub.maintenance_watch import MaintenanceWatch
from cmdb.hub.notices import TRIES, Tell
from cmdb.hub.services import ACTOR, Services
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.model.maintenance import Maintenance
from cmdb.model.service import Agreement
from cmdb.practices.maintenance import open_spans
from cmdb.practices.span import Span
from cmdb.store.protocol import StaleVersion

AHEAD = timedelta(days=30)
_log = logging.getLogger(__name__)


class Disruptions:
    """`look` now and then: each stakeholder is told once of each window, with what it is about."""

    def __init__(
        self, ledger: Ledger, clock: Clock, services: Services, maintenance: MaintenanceWatch, tell: Tell
    ) -> None:
        self._ledger, self._clock, self._services = ledger, clock, services
        self._maintenance, self._tell = maintenance, tell
        self._tries: Counter[tuple[str, str]] = Counter()

    async def look(self) -> None:
        now = self._clock.now()
        for document in await self._ledger.store.find(Kind.MAINTENANCE):
            known = msgspec.convert(document, Maintenance)
            spans = open_spans(known.window, now, now + AHEAD, known.problems)
            if spans:
                await self._announce(known, spans[0])

    async def _announce(self, known: Maintenance, span: Span) -> None:
        receipts: dict[str, str] = {}
        for stakeholder, agreement in await self._asked(known):
            if stakeholder not in known.told and stakeholder not in receipts:
                receipt = await self._told(known, stakeholder, *message(known, agreement, span))
                receipts |= {stakeholder: receipt} if receipt else {}
        if receipts:
            told = msgspec.structs.replace(known, told={**known.told, **receipts})
            try:
                await self._ledger.commit(
                    [Put(Kind.MAINTENANCE, told, known.version)], actor=ACTOR, reason="planned work announced"
                )
            except StaleVersion:
                _log.info("%s was changed meanwhile; who was told is noted with the next look", known.id)

    async def _asked(self, known: Maintenance) -> list[tuple[str, Agreement]]:
        covered = await self._maintenance.covered(known.window.select)
        return list(stakeholders_of(self._services, (one["id"] for one in covered)))

    async def _told(self, known: Maintenance, stakeholder: str, title: str, text: str) -> str:
        """The receipt; empty while it is to be tried again."""
        try:
            receipt = await asyncio.to_thread(self._tell, stakeholder, title, text, {"id": known.id, "title": title})
        except NotSent as error:
            self._tries[known.id, stakeholder] += 1
            _log.warning("%s is not told of %s: %s", stakeholder, known.id, error)
            return f"not sent: {error}" if self._tries[known.id, stakeholder] >= TRIES else ""
        return f"{_said(self._clock.now())} {receipt}"


def stakeholders_of(services: Services, cis: Iterator[str]) -> Iterator[tuple[str, Agreement]]:
    """Who is to be told of work on these items, with the agreement that says so."""
    names = {service.id for service in services.supported_by(cis)}
    for agreement in sorted(services.agreements.values(), key=lambda one: one.name):
        if agreement.service in names:
            yield from ((stakeholder, agreement) for stakeholder in agreement.stakeholders)


def message(known: Maintenance, agreement: Agreement, span: Span) -> tuple[str, str]:
    """Title and text of an announcement."""
    title = f"Planned work on {agreement.service}: {_said(span.start)} to {_said(span.end)}"
    repeats = f"It repeats: {known.window.repeats} ({known.window.timezone}).\n" if known.window.repeats else ""
    return title, (
        f"{known.window.title}, planned by {known.by}.\n{repeats}"
        f"The service may be disrupted; agreement {agreement.name} counts that time as planned maintenance.\n"
        f"Agree or object: watchdeck maintenance consent {known.id} --who NAME [--object] [-m WHY]\n"
    )


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
