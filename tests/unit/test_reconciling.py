"""Reports through the hub's own ingest on a real ledger: whose host it is, what is asked, what is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from agent.discovery.digest import digest_of
from agent.wire import Hello, Item, SectionOutcome
from cmdb.config import CheckSection
from cmdb.hub.ingest import Ingest, Refused
from cmdb.hub.intake import Scanned, ScannedSection
from cmdb.hub.ledger import Ledger
from cmdb.hub.live_agent import Origin
from cmdb.hub.recognition import Recognition
from cmdb.hub.reconciling import Reconciling
from cmdb.identity.rules import IdentityPolicy
from cmdb.model.change import Remove
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.store.memory import MemoryStore
from cmdb.store.protocol import Document

UUID = "4c4c4544-0046-3510-8058-b4c04f4a3332"
KEYS: dict[str, Any] = {"dmi_uuid": UUID, "machine_id": "0a" * 16, "macs": ["00:1b:21:aa:aa:aa"], "name": "web-1"}


class TurnedClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


class Fleet:
    """Agents that report to one hub; what each offers is sent by digest, as over the wire."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.store = MemoryStore()
        self.ledger = Ledger(self.store, self.clock)
        self._born = 0
        self.recognition = Recognition(self.store, self.clock, IdentityPolicy(), self._new_id)
        reconciling = Reconciling(self.store, self.clock, CheckSection(), self.recognition)
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


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


VAR = Item("filesystem", "/var", "/var", {"type": "ext4"})
ROOT = Item("filesystem", "/", "/", {"type": "ext4"})


async def test_a_first_report_makes_a_host_and_says_why(fleet: Fleet) -> None:
    await fleet.report("a", ROOT)
    (host,) = await fleet.hosts()
    (decision,) = await fleet.decisions()
    assert (decision["ci"], decision["outcome"]) == (host.id, "new")
    assert host.keys["agent_key"] == "a"


async def test_the_same_report_again_is_no_batch_at_all(fleet: Fleet) -> None:
    await fleet.report("a", ROOT)
    before = fleet.store.seq
    for _ in range(3):
        await fleet.report("a", ROOT)
    assert fleet.store.seq == before


async def test_a_known_host_with_another_agent_is_the_same(fleet: Fleet) -> None:
    await fleet.report("a", ROOT)
    await fleet.report("b", ROOT, machine_id="0b" * 16)
    assert len(await fleet.hosts()) == 1
    assert (await fleet.decisions())[-1]["events"] == ["reinstalled"]


async def test_two_first_reports_of_one_host_at_once_make_one(fleet: Fleet) -> None:
    await fleet.report("a")
    await fleet.report("b", minutes=0)
    assert [host.id for host in await fleet.hosts()] == ["host-1"]


async def test_a_clone_of_a_live_host_is_another_and_both_go_on(fleet: Fleet) -> None:
    for _ in range(3):
        await fleet.report("a", ROOT)
        await fleet.report("b", VAR, name="web-2", macs=["00:1b:21:bb:bb:bb"])
    assert sorted(host.name for host in await fleet.hosts()) == ["web-1", "web-2"]
    assert any("alternation detected" in warning for one in await fleet.decisions() for warning in one["warnings"])


async def test_a_doubtful_report_is_a_review_and_changes_nothing_else(fleet: Fleet) -> None:
    await fleet.report("a", ROOT)
    before = await fleet.store.find(Kind.CI)
    await fleet.silence("a")
    for _ in range(2):
        with pytest.raises(Refused, match="other network cards and another name"):
            await fleet.report("b", VAR, minutes=60, name="web-2", macs=["00:1b:21:bb:bb:bb"])
    assert await fleet.store.find(Kind.CI) == before
    (review,) = await fleet.store.find(Kind.REVIEW, {"state": "open"})
    assert (review["proposal"], review["proposed_ci"]) == ("pin", "host-1")


async def test_a_hub_that_was_restarted_knows_its_hosts(fleet: Fleet) -> None:
    await fleet.report("a", ROOT)
    await fleet.restart()
    await fleet.report("b", ROOT)
    assert len(await fleet.hosts()) == 1


async def test_a_host_that_was_deleted_is_refused_until_it_reports_whole_and_then_new(fleet: Fleet) -> None:
    await fleet.report("a", ROOT)
    await fleet.ledger.commit([Remove(Kind.CI, "host-1")], actor="mia", reason="gone")
    with pytest.raises(Refused, match="unknown host"):
        await fleet.report("a", VAR)
    await fleet.report("a", VAR)
    assert [host.id for host in await fleet.hosts()] == ["host-2"]


async def test_what_is_missing_retires_though_nothing_changes_any_more(fleet: Fleet) -> None:
    await fleet.report("a", ROOT, VAR)
    for _ in range(6):
        await fleet.report("a", ROOT, minutes=5 * 60)
    (var,) = await fleet.store.find(Kind.CI, {"class": "filesystem"}, lambda one: one["key"] == "/var")
    assert var["status"] == "retired"
    before = fleet.store.seq
    await fleet.report("a", ROOT)
    await fleet.report("a", ROOT)
    assert fleet.store.seq <= before + 1  # the agent's record: all is settled


async def test_a_section_that_timed_out_retires_nothing(fleet: Fleet) -> None:
    await fleet.report("a", ROOT, VAR)
    for _ in range(6):
        await fleet.report("a", minutes=9 * 60, without="filesystem")
    assert {one["status"] for one in await fleet.store.find(Kind.CI, {"class": "filesystem"})} == {"in_use"}


async def test_a_disk_in_another_chassis_takes_its_operating_system_along(fleet: Fleet) -> None:
    debian = Item("os", "os", "Debian 13")
    await fleet.report("a", debian, serial="SVC1", disk_serials=["DSK1"])
    (before,) = await fleet.store.find(Kind.CI, {"class": "os"})
    await fleet.silence("a")
    await fleet.report(
        "b", debian, minutes=60, dmi_uuid=UUID.replace("4c4c", "9999"), serial="SVC2", disk_serials=["DSK1"]
    )
    (after,) = await fleet.store.find(Kind.CI, {"class": "os"})
    assert (after["id"], after["host"]) == (before["id"], "host-2")


@pytest.mark.parametrize("guest_first", [True, False])
async def test_a_guest_is_one_ci_with_two_sources(fleet: Fleet, guest_first: bool) -> None:
    """Case 19."""
    machine = Item("virtual_machine", UUID, "web-1", keys={"dmi_uuid": UUID}, relations=(("runs_on", "host", "host"),))
    esx: dict[str, Any] = {
        "dmi_uuid": "9d1c3b52-7a11-4f0e-8c55-0123456789aa",
        "machine_id": "0c" * 16,
        "macs": [],
        "name": "esx",
    }
    if guest_first:
        await fleet.report("guest", ROOT)
    await fleet.report("esx", machine, **esx)
    if not guest_first:
        await fleet.report("guest", ROOT)
    await fleet.report("esx", machine, VAR, **esx)
    guest, hypervisor = sorted(await fleet.hosts(), key=lambda host: host.name, reverse=True)
    assert await fleet.store.find(Kind.CI, {"class": "virtual_machine"}) == []
    relations = await fleet.store.find(Kind.RELATION, {"type": "runs_on"})
    assert [(one["source"], one["target"]) for one in relations] == [(guest.id, hypervisor.id)]
    assert guest.host == guest.id


async def test_a_container_with_an_agent_runs_on_the_host_whose_hardware_it_reads(fleet: Fleet) -> None:
    """Case 20."""
    await fleet.report("a", ROOT)
    await fleet.report("b", VAR, container="c1f0", name="c1f0", machine_id="0b" * 16, macs=[])
    assert len(await fleet.hosts()) == 2
    (relation,) = await fleet.store.find(Kind.RELATION, {"type": "runs_on"})
    assert (relation["source"], relation["target"]) == ("host-2", "host-1")
