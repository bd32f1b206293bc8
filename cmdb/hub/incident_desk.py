"""From checks to incidents: looks at what is bad, and has the record say what follows from it.

Level-triggered: it looks at checks as they are in the record, so a restart goes on where the last hub stopped.
What is to be done is decided in `cmdb.practices.incident_plan`; what people do goes through `incident_record`, too.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from cmdb.clock import Clock
from cmdb.hub.incident_book import IncidentBook
from cmdb.hub.incident_record import IncidentRecord
from cmdb.hub.ledger import Ledger
from cmdb.hub.maintenance_watch import MaintenanceWatch
from cmdb.hub.stirred import stirred
from cmdb.hub.suspicion import Suspicion
from cmdb.hub.troubles import Troubles
from cmdb.model.change import Delta
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.practices.correlation import Trouble, causes_first
from cmdb.practices.duration import spoken
from cmdb.practices.incident import HUB, Rule, closed, resolved
from cmdb.practices.incident_plan import Plan
from cmdb.practices.incident_state import NotPossible
from cmdb.practices.incident_weight import Policy
from cmdb.practices.outside import OUTSIDE, Event
from cmdb.store.protocol import Document, Store, StoreError

AT_ONCE = 100  # checks that are placed before others get their turn: some milliseconds
LONGEST_WAIT_S = 30.0  # wall clocks are set now and then
RETRY_S = 1.0
PROBER_LATE = "prober_late"
_log = logging.getLogger(__name__)


class _Seen(NamedTuple):
    """Checks as they are now: `other` are parts of incidents and bad in another way than opens one, or flapping."""

    bad: list[Document]
    well: set[str]
    other: list[Document]


class IncidentDesk:
    """Follows the store; `run` works off what it saw until cancelled."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        open_on: Sequence[str],
        policy: Policy,
        book: IncidentBook,
        record: IncidentRecord,
        maintenance: MaintenanceWatch,
    ) -> None:
        self._ledger, self._clock, self._open_on, self._policy = ledger, clock, frozenset(open_on), policy
        self._book, self._record, self._maintenance = book, record, maintenance
        self._held: dict[str, set[str]] = {}  # bad checks by CI, while that is in maintenance
        self._unreachable: dict[str, tuple[str, ...]] = {}  # bad checks that are held back, and what is in the way
        self.troubles = Troubles(ledger.store)
        self._suspicion = Suspicion(ledger.store, self.troubles.upstream, maintenance)
        self._pending: dict[str, Document | None] = {}  # by check, as it was when it was last hard bad
        self._stirred = asyncio.Event()
        self._working = asyncio.Lock()

    # Following

    async def load(self, store: Store) -> None:
        bad = await store.find(Kind.CHECK, matching=lambda check: check["state"] in self._open_on)
        self._look_at(check for incident in self._book for check in self._book.effects_of(incident.number).bad)
        self._look_at(check["id"] for check in bad)
        self.troubles.upstream.forget()
        self._stirred.set()

    async def apply(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if delta.kind is Kind.CHECK and self._concerns(delta):
                self._pending[delta.id] = delta.body if self._is_bad(delta.body) else self._pending.get(delta.id)
                self._stirred.set()
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

    async def report(self, events: Sequence[Event]) -> None:
        """Take in what other systems say, all of it in one batch. Raises `StaleVersion`."""
        async with self._working:
            plan = await self._plan()
            open_ = {incident.number for incident in plan.open}
            troubles: list[Trouble] = []
            for event in events:
                if event.number in open_ and event.number is not None:
                    plan.note(event.number, event.labels.get("from", HUB), event.text)
                elif event.firing:
                    troubles.append(await self.troubles.of_event(event, self._clock.now()))
            wanted = [one for one in troubles if not self._maintenance.holds(one.ci)]
            await self._carry_out(plan, wanted, {event.key for event in events if not event.firing})

    async def _place(self, pending: Mapping[str, Document | None]) -> None:
        """Those that depend on fewest others first, some at a time: others get their turn between them."""
        seen = await self._seen(pending)
        troubles = await self._troubles(seen.bad)
        held: dict[str, tuple[str, ...]] = {}
        for start in range(0, max(1, len(troubles)), AT_ONCE):
            together = troubles[start : start + AT_ONCE]
            well = seen.well if start == 0 else seen.well & {one.check for one in together}
            held |= await self._decide(together, well, seen.other if start == 0 else ())
            await asyncio.sleep(0)
        self._unreachable = {id_: who for id_, who in self._unreachable.items() if id_ not in pending} | held

    async def _seen(self, pending: Mapping[str, Document | None]) -> _Seen:
        """How these checks are now; what was bad only in passing counts as bad and as well."""
        seen = _Seen([], set(), [])
        for number, (id_, was_bad) in enumerate(sorted(pending.items()), 1):
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
            check = await self._ledger.get(Kind.CHECK, id_)
            known = self._book.number_of(id_) is not None
            if check is not None and known and (check.get("flapping") or (check["hard"] and not self._is_bad(check))):
                seen.other.append(check)
            if check is None or check["state"] == "ok":
                seen.well.add(id_)
                if was_bad is not None and not known and not self._maintenance.holds(was_bad["ci"]):
                    seen.bad.append(was_bad)
            elif self._is_bad(check) and not known and await self._is_worked_on(check):
                self._held.setdefault(check["ci"], set()).add(id_)
            elif self._is_bad(check):
                seen.bad.append(check)
        return seen

    async def _troubles(self, checks: Iterable[Document]) -> Sequence[Trouble]:
        """Those that depend on fewest others first."""
        found: list[Trouble] = []
        for number, check in enumerate(checks, 1):
            found.append(await self.troubles.of(check))
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        return causes_first(found)

    async def _plan(self) -> Plan:
        number = await self._record.next_number()
        return Plan(self._book, self._book.effects, number, self._policy, self._clock.now())

    async def _decide(
        self, troubles: Iterable[Trouble], well: set[str], other: Iterable[Document] = ()
    ) -> dict[str, tuple[str, ...]]:
        """Place the troubles, those that cannot be placed yet given back."""
        plan = await self._plan()
        for check in other:
            if (number := self._book.number_of(check["id"])) is None:
                continue
            if check.get("flapping"):
                plan.flap(number, check["id"])
            if check["hard"] and check["state"] != "ok" and not self._is_bad(check):
                plan.worsen(number, check["id"], check["state"])
        await self._carry_out(plan, troubles, well)
        return plan.held

    async def _carry_out(self, plan: Plan, troubles: Iterable[Trouble], well: set[str]) -> None:
        """Place the troubles, fold what they explain, weigh what changed, and write it in one batch."""
        plan.recover(well)
        for trouble in causes_first(troubles):
            plan.place(trouble, await self._record.newest_past(trouble.key))
        plan.finish_joins()
        if plan.may_fold:
            plan.fold({ci: await self.troubles.upstream.of(ci) for ci in plan.lasting_cis})
        plan.weigh()
        plan.recover(well)  # of what was bad only in passing
        await self._write(plan)
        if plan.went_down:
            self._look_at(check for check, who in self._unreachable.items() if not plan.went_down.isdisjoint(who))

    async def _write(self, plan: Plan) -> None:
        if not plan.changed:
            return
        new = [incident for incident in plan.changed.values() if not incident.version]
        suspected = {one.number: one for one in await self._suspicion.of(new, self._clock.now())}
        incidents = (plan.changed | suspected).values()
        await self._record.write(incidents, plan.effects.values(), plan.next_number - 1, reason="checks")

    async def _settle(self) -> None:
        """Resolve what has been well for long enough, close what was resolved long enough ago."""
        now = self._clock.now()
        for incident in self._book:
            if incident.recovered_at is not None and incident.recovered_at + self._policy.hold_down <= now:
                await self._resolve(incident, now)
        for number, at in list(self._book.resolved.items()):
            if at + self._policy.reopen_within <= now:
                words = f"nothing reopened it within {spoken(self._policy.reopen_within.total_seconds())}"
                await self._act(number, functools.partial(closed, who=HUB, at=now, text=words))
        if self._pending:
            self._stirred.set()

    async def _resolve(self, incident: Incident, now: datetime) -> None:
        """Unless somebody merged what is bad into it meanwhile; what it leaves behind is looked at again."""
        left = list(self._book.effects_of(incident.number).bad)
        words = f"well for {spoken((now - (incident.recovered_at or now)).total_seconds())}"

        def rule(one: Incident) -> Incident:
            return resolved(one, HUB, now, words) if one.recovered_at == incident.recovered_at else one

        await self._act(incident.number, rule)
        self._look_at(left)

    async def _act(self, number: int, rule: Rule) -> None:
        try:
            await self._record.change(number, rule, actor=HUB, reason="time")
        except NotPossible as error:
            _log.info("INC-%d: %s", number, error)  # somebody was quicker

    def _concerns(self, delta: Delta) -> bool:
        bad = self._is_bad(delta.body)
        return bad or delta.id in self._pending or self._book.of_check(delta.id) is not None

    def _is_bad(self, check: Document | None) -> bool:
        """A check that its prober was too late for says something of the prober alone."""
        if check is None or not check["hard"] or check.get("reason") == PROBER_LATE:
            return False
        return check["state"] in self._open_on

    async def _is_worked_on(self, check: Document) -> bool:
        ci = await self._ledger.get(Kind.CI, check["ci"])
        if ci is not None:
            await self._maintenance.trouble(ci, self._clock.now())
        return self._maintenance.holds(check["ci"])

    def _look_at(self, checks: Iterable[str]) -> None:
        for check in checks:
            if not check.startswith(OUTSIDE):  # those that no check of ours watches end when their source says so
                self._pending.setdefault(check, None)

    def _wait_s(self) -> float:
        """How long until something is due, at most `LONGEST_WAIT_S`."""
        now = self._clock.now()
        dues = [incident.recovered_at + self._policy.hold_down for incident in self._book if incident.recovered_at]
        dues += [at + self._policy.reopen_within for at in self._book.resolved.values()]
        return max(0.0, min([LONGEST_WAIT_S, *((due - now).total_seconds() for due in dues)]))
