"""From checks to incidents, and what people do to them: the one writer of incidents.

Level-triggered: it looks at checks as they are in the record, so a restart goes on where the last hub stopped.
What is to be done is decided in `cmdb.practices.incident_plan`.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cmdb.clock import Clock
from cmdb.config import IncidentSection
from cmdb.hub.incident_book import IncidentBook
from cmdb.hub.ledger import Ledger
from cmdb.hub.maintenance_watch import MaintenanceWatch
from cmdb.hub.stirred import stirred
from cmdb.hub.suspicion import Suspicion
from cmdb.hub.troubles import Troubles
from cmdb.model.change import Change, Delta, Put
from cmdb.model.counter import Counter
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.practices.correlation import Trouble, causes_first
from cmdb.practices.incident import Rule, closed, merged, resolved, took_over, unwell
from cmdb.practices.incident_plan import Plan, Policy, Stakes, cis_of, down_of, opened_by_hand, weights
from cmdb.practices.incident_state import NotPossible
from cmdb.practices.outside import OUTSIDE, Event
from cmdb.store.protocol import Document, StaleVersion, Store, StoreError

ACTOR = "hub"
TRIES = 100  # each loser of a race reads again; fifty may act at once
AT_ONCE = 100  # checks that are placed before others get their turn: some milliseconds
LONGEST_WAIT_S = 30.0  # wall clocks are set now and then
RETRY_S = 1.0
_COUNTER = "incident"
_log = logging.getLogger(__name__)


class IncidentDesk:
    """Follows the store; `run` works off what it saw until cancelled."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        config: IncidentSection,
        book: IncidentBook,
        stakes: Stakes,
        maintenance: MaintenanceWatch,
    ) -> None:
        self._maintenance = maintenance
        self._held: dict[str, set[str]] = {}  # bad checks by CI, while that is in maintenance
        self._ledger, self._clock, self._config, self._book = ledger, clock, config, book
        self._unreachable: dict[str, tuple[str, ...]] = {}  # bad checks that are held back, and what is in the way
        self.troubles = Troubles(ledger.store)
        self._suspicion = Suspicion(ledger.store, self.troubles.upstream, maintenance)
        self.policy = Policy(
            matrix=config.matrix,
            default_impact=config.default_impact,
            respond_minutes=config.respond_minutes,
            resolve_minutes=config.resolve_minutes,
            hold_down=timedelta(seconds=config.hold_down_s),
            reopen_within=timedelta(hours=config.reopen_within_h),
            stakes=stakes,
        )
        self._pending: dict[str, Document | None] = {}  # by check, as it was when it was last hard bad
        self._resolved: dict[int, datetime] = {}
        self._stirred = asyncio.Event()
        self._working = asyncio.Lock()
        # Due times by the hours and pauses of the agreements; set by who knows them.
        self.timed: Callable[[Incident], Incident] = lambda incident: incident

    # Following

    async def load(self, store: Store) -> None:
        bad = await store.find(Kind.CHECK, matching=lambda check: check["state"] in self._config.open_on)
        self._look_at(effect.check for incident in self._book for effect in unwell(incident))
        self._look_at(check["id"] for check in bad)
        self._resolved = {
            incident["number"]: incident["resolved_at"]
            for incident in await store.find(Kind.INCIDENT, {"state": "resolved"})
        }
        self.troubles.upstream.forget()
        self._stirred.set()

    async def apply(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if delta.kind is Kind.CHECK and self._concerns(delta):
                self._pending[delta.id] = delta.body if self._is_bad(delta.body) else self._pending.get(delta.id)
                self._stirred.set()
            elif delta.kind is Kind.INCIDENT:
                self._take_resolved(delta)
            elif delta.kind is Kind.RELATION:
                self.troubles.upstream.forget()

    async def run(self) -> None:
        while True:
            self._stirred.clear()
            try:
                await self.work()
            except StoreError as error:
                _log.warning("incidents are looked at again in %g s: %s", RETRY_S, error)
                await asyncio.sleep(RETRY_S)
                self._stirred.set()
            await stirred(self._stirred, self._wait_s())

    def stir(self) -> None:
        """Look again now: a clock was turned, or a rule changed."""
        self._stirred.set()

    async def maintenance_changed(self, cis: Iterable[str]) -> None:
        """What is still bad at the end of a window opens an incident."""
        for ci in cis:
            self._look_at(self._held.pop(ci, ()))
        self._stirred.set()

    def reach_changed(self) -> None:
        """What was out of reach and is still bad opens an incident, or is part of one."""
        self._look_at(self._unreachable)
        self._stirred.set()

    # Working

    async def work(self) -> None:
        """Place what is pending, then resolve and close what is due."""
        async with self._working:
            pending, self._pending = self._pending, {}
            try:
                if pending:
                    await self._place(pending)
            except BaseException:
                self._pending = pending | self._pending
                raise
            await self._settle()

    async def change(
        self, number: int, rule: Rule, *, actor: str, reason: str, expected: int | None = None
    ) -> Incident:
        """Let somebody act on an incident, as it is at that moment.

        Raises `KeyError` when there is none, `StaleVersion` when it is not at `expected`, and what the rule raises.
        """
        for tries_left in reversed(range(TRIES)):
            incident = await self._read(number)
            if incident is None:
                raise KeyError(number)
            if expected is not None and expected != incident.version:
                raise StaleVersion(Kind.INCIDENT, incident.id, expected, incident.version, incident.body())
            after = self.timed(rule(incident))
            try:
                await self._commit([Put(Kind.INCIDENT, after, incident.version)], actor, reason)
                return msgspec.structs.replace(after, version=incident.version + 1)
            except StaleVersion:
                if not tries_left:
                    raise
        raise AssertionError("unreachable")

    async def report(self, events: Sequence[Event]) -> None:
        """Take in what other systems say, all of it in one batch. Raises `StaleVersion`."""
        async with self._working:
            plan, counter = await self._plan()
            open_ = {incident.number for incident in plan.open}
            troubles: list[Trouble] = []
            for event in events:
                if event.number in open_ and event.number is not None:
                    plan.note(event.number, event.labels.get("from", ACTOR), event.text)
                elif event.firing:
                    troubles.append(await self.troubles.of_event(event, self._clock.now()))
            wanted = [one for one in troubles if not self._maintenance.holds(one.ci)]
            await self._carry_out(plan, counter, wanted, {event.key for event in events if not event.firing})

    async def merge(self, number: int, into: int, *, who: str, at: datetime, why: str) -> Incident:
        """Close an incident as a part of another, which has its effects from then on. Raises `StaleVersion`."""
        one, other = await self._read(number), await self._read(into)
        if one is None or other is None:
            raise KeyError(number)
        taker = took_over(other, who, at, one, one.effects)
        changes = [
            Put(Kind.INCIDENT, merged(one, who, at, into, why), one.version),
            Put(Kind.INCIDENT, taker, other.version),
        ]
        await self._commit(changes, who, why)
        return msgspec.structs.replace(taker, version=other.version + 1)

    async def open(self, make: Callable[[int], Incident], *, actor: str, reason: str) -> Incident:
        """A new incident with the next number."""
        for tries_left in reversed(range(TRIES)):
            counter = await self._counter()
            incident = self.timed(make(counter.value + 1))
            try:
                changes = [_counted(counter, incident.number), Put(Kind.INCIDENT, incident, 0)]
                await self._commit(changes, actor, reason)
                return msgspec.structs.replace(incident, version=1)
            except StaleVersion:
                if not tries_left:
                    raise
        raise AssertionError("unreachable")

    def by_hand(
        self,
        number: int,
        *,
        title: str,
        ci: str | None,
        impact: int | None,
        urgency: int | None,
        who: str,
        text: str = "",
        key: str = "",
    ) -> Incident:
        """An incident that no check opened; without a key it is like no other."""
        return opened_by_hand(
            number, self.policy, self._clock.now(),
            title=title, ci=ci, impact=impact, urgency=urgency, who=who, text=text, key=key or f"hand:{number}",
        )  # fmt: skip

    def weighed_by_hand(self, incident: Incident, impact: int, urgency: int) -> dict[str, Any]:
        """The priority and due times of an incident whose impact and urgency a person sets."""
        reached = self.policy.stakes.reached(cis_of(incident), down_of(incident), [])
        return weights(self.policy, incident.opened_at, impact, urgency, reached)

    async def _place(self, pending: Mapping[str, Document | None]) -> None:
        """Those that depend on fewest others first, some at a time: others get their turn between them."""
        bad: list[Document] = []
        well: set[str] = set()
        other: list[Document] = []  # known already, and bad in another way
        held: dict[str, tuple[str, ...]] = {}
        for number, (id_, was_bad) in enumerate(sorted(pending.items()), 1):
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
            check = await self._ledger.get(Kind.CHECK, id_)
            known = self._book.of_check(id_)
            if check is not None and known is not None and check.get("flapping"):
                other.append(check)
            if check is None or check["state"] == "ok":
                well.add(id_)
                passed = was_bad is not None and known is None and not self._maintenance.holds(was_bad["ci"])
                bad += [was_bad] if passed and was_bad is not None else []
            elif self._is_bad(check) and known is None and await self._is_worked_on(check):
                self._held.setdefault(check["ci"], set()).add(id_)
            elif self._is_bad(check):
                bad.append(check)
            elif known is not None and check["hard"]:
                other.append(check)
        troubles = causes_first([await self.troubles.of(check) for check in bad])
        for start in range(0, max(1, len(troubles)), AT_ONCE):
            together = troubles[start : start + AT_ONCE]
            held |= await self._decide(together, well if start == 0 else well & {one.check for one in together}, other)
            other = []
            await asyncio.sleep(0)
        self._unreachable = {id_: who for id_, who in self._unreachable.items() if id_ not in pending} | held

    async def _plan(self) -> tuple[Plan, Counter]:
        counter = await self._counter()
        known = self._book.standings
        return Plan(self._book, counter.value + 1, self.policy, self._clock.now(), known), counter

    async def _decide(
        self, troubles: Iterable[Trouble], well: set[str], other: Iterable[Document] = ()
    ) -> dict[str, tuple[str, ...]]:
        """Place the troubles, those that cannot be placed yet given back."""
        plan, counter = await self._plan()
        for check in other:
            if (number := self._book.number_of(check["id"])) is None:
                continue
            if check.get("flapping"):
                plan.flap(number, check["id"])
            if check["hard"] and check["state"] != "ok" and not self._is_bad(check):
                plan.worsen(number, check["id"], check["state"])
        await self._carry_out(plan, counter, troubles, well)
        return plan.held

    async def _carry_out(self, plan: Plan, counter: Counter, troubles: Iterable[Trouble], well: set[str]) -> None:
        """Place the troubles, fold what they explain, weigh what changed, and write it in one batch."""
        plan.recover(well)
        for trouble in causes_first(troubles):
            plan.place(trouble, await self._finished(trouble.key))
        plan.finish_joins()
        if plan.may_fold:
            cis = {effect.ci for incident in plan.open for effect in incident.effects}
            plan.fold({ci: await self.troubles.upstream.of(ci) for ci in cis})
        plan.weigh()
        plan.recover(well)  # of what was bad only in passing
        await self._write(plan, counter)
        if plan.went_down:
            self._look_at(check for check, who in self._unreachable.items() if not plan.went_down.isdisjoint(who))

    async def _write(self, plan: Plan, counter: Counter) -> None:
        if not plan.changed:
            return
        new = [incident for incident in plan.changed.values() if not incident.version]
        plan.changed.update({one.number: one for one in await self._suspicion.of(new, self._clock.now())})
        changes: list[Change] = [
            Put(Kind.INCIDENT, self.timed(incident), incident.version) for incident in plan.changed.values()
        ]
        if plan.next_number > counter.value + 1:
            changes.append(_counted(counter, plan.next_number - 1))
        await self._commit(changes, ACTOR, "checks")

    async def _settle(self) -> None:
        """Resolve what has been well for long enough, close what was resolved long enough ago."""
        now = self._clock.now()
        for incident in self._book:
            if incident.recovered_at is not None and incident.recovered_at + self.policy.hold_down <= now:
                words = f"well for {now - incident.recovered_at}"
                await self._act(incident.number, functools.partial(resolved, who=ACTOR, at=now, text=words))
                self._look_at(effect.check for effect in unwell(incident))
        for number, at in list(self._resolved.items()):
            if at + self.policy.reopen_within <= now:
                await self._act(number, functools.partial(closed, who=ACTOR, at=now, text="it stayed well"))
                self._resolved.pop(number, None)
        if self._pending:
            self._stirred.set()

    async def _act(self, number: int, rule: Rule) -> None:
        try:
            await self.change(number, rule, actor=ACTOR, reason="time")
        except NotPossible as error:
            _log.info("INC-%d: %s", number, error)  # somebody was quicker

    async def _finished(self, key: str) -> Incident | None:
        """The newest incident of this key that is over."""
        found = [one for one in await self._ledger.store.find(Kind.INCIDENT, {"key": key}) if not _is_open(one)]
        newest = max(found, key=lambda one: one["number"], default=None)
        return None if newest is None else msgspec.convert(newest, Incident)

    async def _read(self, number: int) -> Incident | None:
        document = await self._ledger.get(Kind.INCIDENT, str(number))
        return None if document is None else msgspec.convert(document, Incident)

    async def _counter(self) -> Counter:
        document = await self._ledger.get(Kind.COUNTER, _COUNTER)
        return Counter(id=_COUNTER) if document is None else msgspec.convert(document, Counter)

    async def _commit(self, changes: Sequence[Change], actor: str, reason: str) -> None:
        done = await self._ledger.commit(changes, actor=actor, reason=reason)
        if done is not None:
            # At once, not with the subscription: the next decision stands on it.
            self._book.take(done.deltas)
            for delta in done.deltas:
                self._take_resolved(delta)

    def _concerns(self, delta: Delta) -> bool:
        bad = self._is_bad(delta.body)
        return bad or delta.id in self._pending or self._book.of_check(delta.id) is not None

    def _is_bad(self, check: Document | None) -> bool:
        return check is not None and check["hard"] and check["state"] in self._config.open_on

    async def _is_worked_on(self, check: Document) -> bool:
        ci = await self._ledger.get(Kind.CI, check["ci"])
        if ci is not None:
            await self._maintenance.trouble(ci, self._clock.now())
        return self._maintenance.holds(check["ci"])

    def _look_at(self, checks: Iterable[str]) -> None:
        for check in checks:
            if not check.startswith(OUTSIDE):  # those that no check of ours watches end when their source says so
                self._pending.setdefault(check, None)

    def _take_resolved(self, delta: Delta) -> None:
        if delta.kind is not Kind.INCIDENT:
            return
        if delta.body is not None and delta.body["state"] == "resolved":
            self._resolved[int(delta.id)] = delta.body["resolved_at"]
        else:
            self._resolved.pop(int(delta.id), None)

    def _wait_s(self) -> float:
        """How long until something is due, at most `LONGEST_WAIT_S`."""
        now = self._clock.now()
        dues = [incident.recovered_at + self.policy.hold_down for incident in self._book if incident.recovered_at]
        dues += [at + self.policy.reopen_within for at in self._resolved.values()]
        return max(0.0, min([LONGEST_WAIT_S, *((due - now).total_seconds() for due in dues)]))


def _counted(counter: Counter, value: int) -> Put:
    return Put(Kind.COUNTER, msgspec.structs.replace(counter, value=value), counter.version)


def _is_open(incident: Document) -> bool:
    return incident["state"] not in {"resolved", "closed"}
