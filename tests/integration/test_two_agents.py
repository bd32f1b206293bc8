"""Two agents on one host: one of them runs its checks, and the other takes over when that one is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cmdb.check_runner import runner_of
from cmdb.model.agent import AgentRecord
from cmdb.model.kind import Kind
from tests.support.hub import HandClock, client_of, hub_at, until
from tests.support.site import Site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    clock = HandClock()
    async with hub_at(tmp_path, clock=clock) as hub, await client_of(hub) as client:
        yield Site(hub, client, clock)


async def runners(site: Site) -> set[str]:
    return {check["agent"] for check in await site.hub.store.find(Kind.CHECK)}


async def run_by(site: Site, agent: str) -> None:
    async def is_it() -> bool:
        return await runners(site) == {agent}

    await until(is_it, f"{agent} runs the checks", 60)


async def test_two_agents_do_not_take_the_checks_from_each_other(site: Site) -> None:
    await site.report("a", "web-1", stays=True)
    await run_by(site, "a")
    await site.report("b", "web-1", stays=True)
    before = [check["version"] for check in await site.hub.store.find(Kind.CHECK)]
    for turn in range(3):
        await site.report("a", "web-1", stays=True, domain=f"{turn}.example.org")
        await site.report("b", "web-1", stays=True, domain=f"{turn}.example.org")
    assert await runners(site) == {"a"}
    checks = await site.hub.store.find(Kind.CHECK, matching=lambda one: one["type"] != "heartbeat")
    assert len(before) > len(checks) > 0
    assert {check["version"] for check in checks} == {1}
    (host,) = await site.hub.store.find(Kind.CI, {"class": "host"})
    assert host["keys"]["agent_key"] == "a"


async def test_the_other_takes_over_and_gives_back(site: Site) -> None:
    await site.report("a", "web-1", stays=True)
    await site.report("b", "web-1", stays=True)
    await site.silent("a")
    await run_by(site, "b")

    async def lives() -> bool:
        (heartbeat,) = await site.hub.store.find(Kind.CHECK, {"state": "ok"}, lambda one: one["type"] == "heartbeat")
        return bool(heartbeat["output"] == "agent b is connected")

    async def has_heartbeat() -> bool:
        return len(await site.hub.store.find(Kind.CHECK, {"state": "ok"}, lambda one: one["type"] == "heartbeat")) == 1

    await until(has_heartbeat, "the host's heartbeat is well", 60)
    await until(lives, "its heartbeat is the other agent's", 60)
    await site.arrive("a")
    await run_by(site, "a")


async def test_a_revoked_agent_runs_nothing_where_there_is_another(site: Site) -> None:
    await site.report("a", "web-1", stays=True)
    await site.report("b", "web-1", stays=True)
    await site.client.call("agent.revoke", id="a")
    await run_by(site, "b")


def test_the_one_that_may_see_all_goes_before_the_one_that_may_not() -> None:
    plain, root = AgentRecord(id="a", name="a"), AgentRecord(id="b", name="b", privileged=True)
    silent = AgentRecord(id="c", name="c", privileged=True, state="silent")
    assert runner_of([plain, root, silent]) == "b"
    assert runner_of([plain, silent]) == "a"
    assert runner_of([]) is None
