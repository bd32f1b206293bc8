"""Reports through the hub's own ingest on a real ledger: whose host it is, what is asked, what is kept."""

from __future__ import annotations

from typing import Any

import pytest

from agent.wire import Item
from checks.rules import Rule
from cmdb.hub.ingest import Refused
from cmdb.model.change import Remove
from cmdb.model.kind import Kind
from cmdb.rules_file import CheckRules
from tests.support.fleet import UUID, Fleet


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


async def test_a_rule_about_the_host_holds_for_what_changes_alone() -> None:
    fleet = Fleet(rules=CheckRules((Rule("usage", "class=filesystem host.name=web-1", refuse=True),)))
    await fleet.report("a", ROOT, VAR)
    for n in range(3):
        await fleet.report("a", ROOT, Item("filesystem", "/var", "/var", {"type": "xfs", "size_bytes": n}))
    assert await fleet.store.find(Kind.CHECK, {"type": "filesystem"}) == []


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
