"""Tells the stakeholders of an agreement ahead of its breach, and keeps what was told when, with receipts."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from cmdb.channel import NotSent
from cmdb.clock import Clock
from cmdb.hub.incident_book import IncidentBook
from cmdb.hub.ledger import Ledger
from cmdb.hub.outlook import Outlook
from cmdb.hub.services import ACTOR, Services
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.model.notice import Notice
from cmdb.model.service import Agreement
from cmdb.practices.forecast import stepped

Tell = Callable[[str, str, str, dict[str, Any]], str]  # stakeholder, title, text, facts → receipt; blocking
TRIES = 5
_log = logging.getLogger(__name__)


class Notices:
    """`look` now and then; it remembers the newest notice of each agreement."""

    def __init__(
        self, ledger: Ledger, clock: Clock, services: Services, outlook: Outlook, book: IncidentBook, tell: Tell
    ) -> None:
        self._ledger, self._clock, self._services, self._tell = ledger, clock, services, tell
        self._outlook, self._book = outlook, book
        self._last: dict[str, Notice] | None = None
        self._tries: Counter[tuple[str, str]] = Counter()

    async def look(self) -> None:
        """Take every agreement's forecast, write what changed, and tell who has not been told."""
        known = await self._known()
        now = self._clock.now()
        for agreement in list(self._services.agreements.values()):
            seen = self._outlook.of(agreement, self._book, now)
            last = known.get(agreement.name)
            notice = stepped(last, seen)
            if notice is not None and notice != last:
                await self._write(notice, "breach foreseen" if last is None else "forecast of a breach")
            await self._deliver(agreement)

    async def _known(self) -> dict[str, Notice]:
        if self._last is None:
            found = [msgspec.convert(one, Notice) for one in await self._ledger.store.find(Kind.NOTICE)]
            self._last = {one.agreement: one for one in sorted(found, key=lambda notice: notice.noticed_at)}
        return self._last

    async def _write(self, notice: Notice, reason: str) -> None:
        await self._ledger.commit([Put(Kind.NOTICE, notice)], actor=ACTOR, reason=reason)
        (await self._known())[notice.agreement] = notice

    async def _deliver(self, agreement: Agreement) -> None:
        notice = (await self._known()).get(agreement.name)
        if notice is None or notice.ended_at is not None:
            return
        for stakeholder in agreement.stakeholders:
            if stakeholder not in notice.receipts and (receipt := await self._told(notice, agreement, stakeholder)):
                notice = msgspec.structs.replace(notice, receipts={**notice.receipts, stakeholder: receipt})
                await self._write(notice, f"{stakeholder} was told of a breach ahead")

    async def _told(self, notice: Notice, agreement: Agreement, stakeholder: str) -> str:
        """The receipt; empty while it is to be tried again."""
        title, text = message(notice, agreement)
        try:
            receipt = await asyncio.to_thread(self._tell, stakeholder, title, text, notice.body())
        except NotSent as error:
            self._tries[notice.id, stakeholder] += 1
            _log.warning("%s is not told of %s: %s", stakeholder, notice.id, error)
            return f"not sent: {error}" if self._tries[notice.id, stakeholder] >= TRIES else ""
        return f"{_said(self._clock.now())} {receipt}"


def message(notice: Notice, agreement: Agreement) -> tuple[str, str]:
    """Title and text of a notice."""
    if notice.breached_at is not None:
        title = f"{agreement.name} is breached"
    else:
        title = f"{agreement.name} will be breached at {_said(notice.breach_foreseen_at)} if this goes on"
    consequences = f"What follows from a breach: {agreement.consequences}\n" if agreement.consequences else ""
    return title, (
        f"Agreement {agreement.name} about {agreement.service}: {agreement.target:.4%} over {agreement.period}.\n"
        f"{notice.why}.\n{consequences}Why: watchdeck sla explain {agreement.name}\n"
    )


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
