"""Agents that report to one hub's ingest, by digest as over the wire, on a clock that tests turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from agent.discovery.digest import digest_of
from agent.wire import Hello, Item, SectionOutcome
from cmdb.config import CheckSection
from cmdb.hub.ingest import Ingest
from cmdb.hub.intake import Scanned, ScannedSection
from cmdb.hub.ledger import Ledger
from cmdb.hub.live_agent import Origin
from cmdb.hub.recognition import Recognition
from cmdb.hub.reconciling import Reconciling
from cmdb.identity.rules import IdentityPolicy
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.rules_file import NO_RULES, CheckRules
from cmdb.store.memory import MemoryStore
from cmdb.store.protocol import Document, Store

UUID = "4c4c4544-0046-3510-8058-b4c04f4a3332"
KEYS: dict[str, Any] = {"dmi_uuid": UUID, "machine_id": "0a" * 16, "macs": ["00:1b:21:aa:aa:aa"], "name": "web-1"}


class TurnedClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


class Fleet:
    """Agents that report to one hub; what each offers is sent by digest, as over the wire."""

    def __init__(self, store: Store | None = None, rules: CheckRules = NO_RULES) -> None:
        self.clock = TurnedClock()
        self.store: Store = store or MemoryStore()
        self.ledger = Ledger(self.store, self.clock)
        self._born = 0
        self.recognition = Recognition(self.store, self.clock, IdentityPolicy(), self._new_id)
        reconciling = Reconciling(self.store, self.clock, CheckSection(), self.recognition, lambda: rules)
        self.ingest = Ingest(self.ledger, self.clock, reconciling)
        self._followed = 0

    def _new_id(self) -> str:
        self._born += 1
        return f"host-{self._born}"

    async def restart(self) -> None:
        """What is in memory is read from the store."""
        self.recognition = Recognition(self.store, self.clock, IdentityPolicy(), self._new_id)
        await self.recognition.load(self.store)
        reconciling = Reconciling(self.store, self.clock, CheckSection(), self.recognition)
        self.ingest = Ingest(self.ledger, self.clock, reconciling)

    async def report(self, agent: str, *items: Item, minutes: float = 1, without: str = "", **keys: Any) -> None:
        """A report some minutes after the last; `without` names a section whose collector timed out."""
        self.clock.at += timedelta(minutes=minutes)
        if await self.ingest.record(agent) is None:
            await self.ingest.arrive(Hello(1, agent, agent, "0.1", "linux"), Origin())
        host = Item("host", "host", keys.get("name", "web-1"), keys={**KEYS, **keys})
        by_section: dict[str, list[Item]] = {"host": [host], "filesystem": [], "virtual_machine": [], "os": []}
        for item in items:
            by_section[item.class_].append(item)
        known = await self.ingest.record(agent)
        assert known is not None
        sections = []
        for name, listed in by_section.items():
            digest = digest_of(listed)
            is_known = known.sections.get(name, {}).get("digest") == digest
            outcome = SectionOutcome(name, "timeout" if name == without else "ok", digest=digest)
            sections.append(ScannedSection(outcome, None if is_known or name == without else listed))
        try:
            await self.ingest.report(agent, Scanned(self.clock.now(), 0.1, sections))
        finally:
            await self._follow()

    async def silence(self, agent: str) -> None:
        await self.ingest.silent(agent, self.clock.now())
        await self._follow()

    async def _follow(self) -> None:
        if self._followed == self.store.seq:
            return
        async for deltas in self.store.subscribe(self._followed):
            self._followed = deltas[-1].seq
            await self.recognition.apply(deltas)
            if self._followed == self.store.seq:
                return

    async def hosts(self) -> list[ConfigurationItem]:
        return [msgspec.convert(one, ConfigurationItem) for one in await self.store.find(Kind.CI, {"class": "host"})]

    async def decisions(self) -> list[Document]:
        return sorted(await self.store.find(Kind.DECISION), key=lambda one: one["at"])
