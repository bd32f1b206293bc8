"""Services as the hub keeps them: their states from what checks say, and the record of those states.

Not the files that declare them (`cmdb.services_file`), not what is agreed about them (`cmdb.practices.standing`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from cmdb.clock import Clock
from cmdb.hub.ledger import Ledger
from cmdb.hub.service_members import ServiceMembers
from cmdb.model.answers import Answers
from cmdb.model.change import Change, Delta, Put, Remove
from cmdb.model.kind import Kind
from cmdb.model.service import Agreement, Interval, Service
from cmdb.practices.negotiation import NEGOTIATED
from cmdb.practices.service_state import Judged, ServiceState
from cmdb.practices.state_record import changed, closed, unwatched
from cmdb.store.protocol import Finder, StoreError

ACTOR = "hub"
RETIRED = "retired"  # the stage of a service that is kept and no longer measured
_MOST_REASONS = 12
_ABOUT_SERVICES = frozenset({Kind.SERVICE, Kind.AGREEMENT, Kind.INTERVAL})
_log = logging.getLogger(__name__)


class Services:
    """Follows the store and writes back the states of the services that a change touched.

    `agreements` are those in force, `revisions` those that are negotiated or were replaced; `records[service]` are
    its intervals in order, the last one open. `answers` are how quickly each agreement's service answered, kept
    by `cmdb.hub.measuring`.
    """

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger, self.clock = ledger, clock
        self._maintained: set[str] = set()
        self.members = ServiceMembers(self._maintained)
        self.services: dict[str, Service] = {}
        self.agreements: dict[str, Agreement] = {}
        self.revisions: dict[str, Agreement] = {}
        self.records: dict[str, list[Interval]] = {}
        self.answers: dict[str, Answers | None] = {}
        self._touched: set[str] = set()
        self._judging = asyncio.Lock()

    async def load(self, store: Finder) -> None:
        """Take everything that the record has now; states are judged with the next change."""
        self.members = ServiceMembers(self._maintained)
        self.services, self.agreements, self.revisions, self.records = {}, {}, {}, {}
        for kind in (Kind.CI, Kind.CHECK, *sorted(_ABOUT_SERVICES)):
            for document in await store.find(kind):
                self._take(kind, str(document["id"]), dict(document))
        self._touched = set(self.services)

    async def apply(self, deltas: Sequence[Delta]) -> None:
        """One batch of the store: judge the services that it touches."""
        for delta in deltas:
            self._take(delta.kind, delta.id, delta.body)
        await self.judge()

    def take(self, deltas: Iterable[Delta]) -> set[str]:
        """What was just written about services, for who must not wait for `apply`; the services that it is about."""
        touched = set()
        for delta in deltas:
            if delta.kind in _ABOUT_SERVICES:
                touched.add(self._service_of(delta))
                self._take(delta.kind, delta.id, delta.body)
        return touched

    async def declare(self, services: Iterable[Service], agreements: Iterable[Agreement], *, actor: str) -> None:
        """Make these the services and agreements that there are; those not named any more are removed.

        An agreement that was negotiated stays in force: what a file says about it is a proposal like another.
        """
        async with self._judging:
            await self._declare({one.id: one for one in services}, agreements, actor)

    async def _declare(self, wanted: Mapping[str, Service], agreements: Iterable[Agreement], actor: str) -> None:
        offered = {service.id for service in wanted.values() if service.stage != RETIRED}
        negotiated = {
            id_
            for id_, agreement in self.agreements.items()
            if agreement.source == NEGOTIATED and agreement.service in offered
        }
        agreed = {one.id: one for one in agreements if one.id not in negotiated and one.service in offered}
        now = self.clock.now()
        changes: list[Change] = [Put(Kind.SERVICE, self._with_state(service)) for service in wanted.values()]
        changes += [Put(Kind.AGREEMENT, agreement) for agreement in agreed.values()]
        for gone in self.services.keys() - wanted.keys():
            changes += [Remove(Kind.SERVICE, gone), *self._closing(gone, now)]
        changes += [Remove(Kind.AGREEMENT, gone) for gone in self.agreements.keys() - agreed.keys() - negotiated]
        await self._commit(changes, actor, "services declared")

    async def resume(self, watched_until: datetime | None) -> None:
        """Nobody watched since then (None: ever): leave that time unknown, then judge every service."""
        if watched_until is not None:
            now = self.clock.now()
            intervals = [each for record in self.records.values() for each in unwatched(record[-1], watched_until, now)]
            await self._commit([Put(Kind.INTERVAL, each) for each in intervals], ACTOR, "nobody watched")
        self._touched = set(self.services)
        await self.judge()

    async def maintenance_changed(self, cis: Iterable[str]) -> None:
        """The maintenance of these CIs began or ended."""
        self._touched |= self.members.take_maintenance(cis)
        await self.judge()

    async def judge(self) -> None:
        """Record the states of the touched services; they stay touched until that is durable.

        One judges at a time: two that saw the same open interval would each open the next.
        """
        async with self._judging:
            touched, self._touched = self._touched, set()
            now = self.clock.now()
            changes: list[Change] = []
            for name in sorted(touched & self.services.keys()):
                changes += self._changes(self.services[name], now)
            try:
                await self._commit(changes, ACTOR, "state of a service")
            except StoreError as error:
                self._touched |= touched
                _log.warning("states of services are not recorded yet: %s", error)

    def supported_by(self, cis: Iterable[str]) -> list[Service]:
        """The services that any of these CIs is a part of, the most critical first."""
        names = {name for ci in cis for name in self.members.services_of(ci)}
        return sorted((self.services[name] for name in names), key=lambda service: (service.criticality, service.name))

    def state_of(self, service: str) -> str:
        """The recorded state of a service; unknown for one that is not there."""
        known = self.services.get(service)
        return "unknown" if known is None else known.state

    def _changes(self, service: Service, now: datetime) -> list[Change]:
        if service.stage == RETIRED:
            gone = msgspec.structs.replace(service, state=ServiceState.UNKNOWN.value, since=None, reasons=(RETIRED,))
            return [*self._closing(service.id, now), Put(Kind.SERVICE, gone)]
        judged = self.members.state_of(service)
        record = self.records.get(service.id)
        intervals = changed(record[-1] if record else None, service.id, judged.state, now, "; ".join(_reasons(judged)))
        since = intervals[-1].start if intervals else service.since
        after = msgspec.structs.replace(service, state=judged.state.value, since=since, reasons=_reasons(judged))
        return [*(Put(Kind.INTERVAL, each) for each in intervals), Put(Kind.SERVICE, after)]

    def _with_state(self, service: Service) -> Service:
        """The declared service with the state that it has."""
        known = self.services.get(service.id, service)
        return msgspec.structs.replace(service, state=known.state, since=known.since, reasons=known.reasons)

    def _closing(self, service: str, now: datetime) -> list[Change]:
        record = self.records.get(service)
        return [Put(Kind.INTERVAL, closed(record[-1], now))] if record and record[-1].end is None else []

    async def _commit(self, changes: Sequence[Change], actor: str, reason: str) -> None:
        """Write, and take what was written at once: judging again must not wait for the subscription."""
        done = await self._ledger.commit(changes, actor=actor, reason=reason) if changes else None
        for delta in done.deltas if done else ():
            self._take(delta.kind, delta.id, delta.body)

    def _service_of(self, delta: Delta) -> str:
        if delta.kind is Kind.SERVICE:
            return delta.id
        if delta.body is not None:
            return str(delta.body["service"])
        return self.agreements[delta.id].service if delta.id in self.agreements else ""

    def _take(self, kind: Kind, id_: str, body: dict[str, object] | None) -> None:
        if kind is Kind.CI:
            self._touched |= self.members.take_ci(id_, body)
        elif kind is Kind.CHECK:
            self._touched |= self.members.take_check(id_, body)
        elif kind is Kind.SERVICE:
            self._take_service(id_, None if body is None else msgspec.convert(body, Service))
        elif kind is Kind.AGREEMENT:
            kept = self.revisions if "@" in id_ else self.agreements
            kept.pop(id_, None)
            if body is not None:
                kept[id_] = msgspec.convert(body, Agreement)
        elif kind is Kind.INTERVAL and body is not None:
            self._take_interval(msgspec.convert(body, Interval))

    def _take_service(self, id_: str, service: Service | None) -> None:
        before = self.services.get(id_)
        if service is None:
            self.services.pop(id_, None)
        else:
            if before is not None and before.version > service.version:
                return
            self.services[id_] = service
        if before is None or service is None or _measured(before) != _measured(service):
            self.members.take_service(id_, service if service and service.stage != RETIRED else None)
            self._touched.add(id_)
        elif before.rule != service.rule:
            self._touched.add(id_)

    def _take_interval(self, interval: Interval) -> None:
        record = self.records.setdefault(interval.service, [])
        place = next((n for n in range(len(record) - 1, -1, -1) if record[n].start <= interval.start), -1)
        if place >= 0 and record[place].id == interval.id:
            if record[place].version <= interval.version:
                record[place] = interval
        else:
            record.insert(place + 1, interval)


def _measured(service: Service) -> object:
    """What its state is made of."""
    return service.components, service.stage == RETIRED


def _reasons(judged: Judged) -> tuple[str, ...]:
    reasons = judged.reasons
    more = len(reasons) - _MOST_REASONS
    return reasons if more <= 0 else (*reasons[:_MOST_REASONS], f"and {more} more")
