"""A hub with agents that report hosts to it, as people then ask and decide about them."""

from __future__ import annotations

from typing import Any

from agent.discovery.digest import digest_of
from agent.wire import Hello, Item, SectionOutcome
from cmdb.config import CheckSection
from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.hub.ingest import Ingest
from cmdb.hub.intake import Scanned, ScannedSection
from cmdb.hub.live_agent import Origin
from cmdb.hub.reconciling import Reconciling
from tests.support.hub import HandClock

KEYS = {"dmi_uuid": "4c4c4544-0046-3510-8058-b4c04f4a3332", "machine_id": "0a" * 16, "macs": ["00:1b:21:aa:aa:aa"]}


class Site:
    """A hub, a client of it, and reports that agents would send."""

    def __init__(self, hub: Hub, client: HubClient, clock: HandClock) -> None:
        self.hub, self.client, self.clock = hub, client, clock
        self._ingest = Ingest(hub.ledger, clock, Reconciling(hub.store, clock, CheckSection(), hub.recognition))

    async def report(self, agent: str, name: str, *, hours: float = 1, stays: bool = False, **keys: Any) -> None:
        """From an agent that falls silent again, unless it `stays`."""
        self.clock.turn(hours=hours)
        if await self._ingest.record(agent) is None:
            await self.arrive(agent)
        host = Item("host", "host", name, keys={**KEYS, "name": name, **keys})
        disk = Item("disk", "sda", "sda", relations=(("part_of", "host", "host"),))
        known = await self._ingest.record(agent)
        assert known is not None
        sections = []
        for item in (host, disk):
            outcome = SectionOutcome(item.class_, "ok", digest=digest_of([item]))
            is_known = known.sections.get(item.class_, {}).get("digest") == outcome.digest
            sections.append(ScannedSection(outcome, None if is_known else [item]))
        try:
            await self._ingest.report(agent, Scanned(self.clock.now(), 0.1, sections))
        finally:
            if not stays:
                await self.silent(agent)

    async def silent(self, agent: str) -> None:
        await self._ingest.silent(agent, self.clock.now())

    async def arrive(self, agent: str) -> None:
        await self._ingest.arrive(Hello(1, agent, agent, "0.1", "linux"), Origin("ssh"))

    async def hosts(self) -> list[str]:
        return sorted(row["name"] for row in await self.client.call("ci.list", **{"class": "host"}))
