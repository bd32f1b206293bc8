"""What no agent lives on: targets that rules name, hosts that came from elsewhere, peers seen only from outside.

The hub's own agent probes them, by rules alone. Follows the record; `run` gives them their checks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from checks.definition import Definition
from cmdb.check_plan import plan
from cmdb.clock import Clock
from cmdb.config import CheckSection
from cmdb.dependencies.edges import External
from cmdb.hub.ledger import Ledger
from cmdb.hub.own_agent import OwnAgent
from cmdb.hub.stirred import stirred
from cmdb.model.change import Change, Delta, Put, Remove
from cmdb.model.check import CheckRecord
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.rules_file import CheckRules
from cmdb.store.protocol import Document, StaleVersion, Store, StoreError

ACTOR = "hub"
DECLARED = "services.d"
BY_DEFAULT = Definition("", "", "").rule
GATHER_S = 0.2
RETRY_S = 1.0
_log = logging.getLogger(__name__)


class Agentless:
    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        tuning: CheckSection,
        rules: Callable[[], CheckRules],
        work_changed: Callable[[str], Awaitable[None]],
    ) -> None:
        self._ledger, self._clock, self._tuning = ledger, clock, tuning
        self._rules, self._work_changed = rules, work_changed
        self._own = OwnAgent()
        self._with_agent: dict[str, str] = {}  # by agent, the host that it lives on
        self._work: dict[str, object] = {}  # by check that the hub's agent runs, as which it was told
        self.plan_hosts: Callable[[], Awaitable[None]] | None = None  # those with agents; set by who does it
        self._plan = self._assign = self._came = False
        self._stirred = asyncio.Event()

    @property
    def hubs_agent(self) -> str | None:
        """The id of the agent on the hub's own machine, None before it first came."""
        return self._own.id

    def rules_changed(self) -> None:
        self._plan = True
        self._stirred.set()

    async def load(self, store: Store) -> None:
        self._with_agent = {}
        for agent in await store.find(Kind.AGENT):
            self._take_agent(agent)
        mine = await store.find(Kind.CHECK, {"agent": self.hubs_agent}) if self.hubs_agent else []
        self._work = {check["id"]: check["definition"] for check in mine}
        self._assign = True
        self.rules_changed()

    async def apply(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if delta.kind is Kind.AGENT and delta.body is not None:
                self._take_agent(delta.body)
            elif delta.kind is Kind.CI and self._may_concern(delta.body):
                self.rules_changed()
            elif delta.kind is Kind.CHECK:
                self._take_check(delta.id, delta.body)

    async def run(self) -> None:
        while True:
            self._stirred.clear()
            try:
                await self._look()
            except StoreError as error:
                if not isinstance(error, StaleVersion):
                    _log.warning("what has no agent is looked at again in %g s: %s", RETRY_S, error)
                    await asyncio.sleep(RETRY_S)
                self.rules_changed()
            await stirred(self._stirred, None)
            await asyncio.sleep(GATHER_S)

    async def _look(self) -> None:
        if self._came and self.plan_hosts is not None:
            self._came = False
            await self.plan_hosts()
        if self._plan:
            self._plan = False
            changes = await self._changes()
            if changes:
                await self._ledger.commit(changes, actor=ACTOR, reason="check rules of what has no agent")
        if self._assign and self.hubs_agent is not None:
            self._assign = False
            await self._work_changed(self.hubs_agent)

    async def _changes(self) -> list[Change]:
        rules, now = self._rules(), self._clock.now()
        externals = await self._found({"class": "external"})
        changes = list(_declared({rule.target for rule in rules.rules if rule.target}, externals, now))
        items = {item.id: item for item in [*externals, *await self._hosts_without_agent()]}
        items |= {change.record.id: change.record for change in changes if isinstance(change.record, ConfigurationItem)}
        checks = await self._ledger.store.read(Kind.CHECK, CheckRecord, "ci", items)
        planned = plan(
            items.values(), checks, self.hubs_agent, self._tuning, now, rules, items.get,
            hubs_agent=self.hubs_agent, proposals=False,
        )  # fmt: skip
        mine = {check.id for check in checks if self._is_mine(check)}
        return [*changes, *(one for one in planned if not isinstance(one, Remove) or one.id in mine)]

    def _is_mine(self, check: CheckRecord) -> bool:
        """A rule asked for it here: what an agent that is gone left behind is not ours to take away."""
        return check.agent in {None, self.hubs_agent} and check.definition.rule != BY_DEFAULT

    async def _hosts_without_agent(self) -> list[ConfigurationItem]:
        """With all that is on them."""
        taken = set(self._with_agent.values())
        hosts = [host for host in await self._found({"class": "host"}) if host.id not in taken]
        inhabitants = await self._ledger.store.read(Kind.CI, ConfigurationItem, "host", [host.id for host in hosts])
        return [*hosts, *inhabitants]

    async def _found(self, equals: dict[str, str]) -> list[ConfigurationItem]:
        return [msgspec.convert(one, ConfigurationItem) for one in await self._ledger.store.find(Kind.CI, equals)]

    def _take_agent(self, agent: Document) -> None:
        before = self._own.id
        self._own.take(agent)
        if self._own.id != before:
            self._came = any(rule.at_hub and not rule.target for rule in self._rules().rules)
            self.rules_changed()
        host = agent.get("host")
        if host is not None and self._with_agent.get(agent["id"]) != host:
            self._with_agent[agent["id"]] = host
            self.rules_changed()

    def _may_concern(self, ci: Document | None) -> bool:
        if not self._rules().rules:
            return False
        return ci is None or ci["class"] == "external" or ci.get("host") not in {None, *self._with_agent.values()}

    def _take_check(self, id_: str, check: Document | None) -> None:
        """Of checks that are new, other or gone the hub's agent is told: who plans them may be another's report."""
        mine = check is not None and self.hubs_agent is not None and check["agent"] == self.hubs_agent
        wanted = check["definition"] if check is not None and mine else None
        if self._work.get(id_) == wanted:
            return
        if wanted is None:
            del self._work[id_]
        else:
            self._work[id_] = wanted
        self._assign = True
        self._stirred.set()


def _declared(targets: set[str], externals: Iterable[ConfigurationItem], now: datetime) -> Iterator[Put]:
    """The items of the targets that rules name, and an end to those that no rule names any more."""
    known = {external.name: external for external in externals}
    for name in sorted(targets - known.keys()):
        yield Put(Kind.CI, _target(name, now))
    for external in known.values():
        wanted, said = external.name in targets, DECLARED in external.sources
        if wanted and (not said or external.status != "in_use"):
            sources = {**external.sources, DECLARED: now}
            yield Put(Kind.CI, msgspec.structs.replace(external, status="in_use", sources=sources), external.version)
        elif said and not wanted:
            sources = {source: at for source, at in external.sources.items() if source != DECLARED}
            status = external.status if sources else "retired"
            yield Put(Kind.CI, msgspec.structs.replace(external, status=status, sources=sources), external.version)


def _target(name: str, now: datetime) -> ConfigurationItem:
    return ConfigurationItem(
        id=External(name).id,
        class_="external",
        name=name,
        key=name,
        attributes={"address": name},
        sources={DECLARED: now},
        first_seen=now,
        last_seen=now,
    )
