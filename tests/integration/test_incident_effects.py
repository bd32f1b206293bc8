"""The checks of an incident on record: each by itself, then and now, and what views and lists say of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.protocol import Store
from tests.support.hub import HandClock, check, ci, put, relation, until

HOSTS = [f"h{number:02}" for number in range(30)]


@pytest.fixture
async def store(tmp_path: Path) -> Store:
    return await EmbeddedStore.open(tmp_path / "watchdeck.db")


@pytest.fixture
async def hub(hub: Hub) -> Hub:
    await put(hub, ci("switch", "host", host="switch"), *(ci(host, "host", host=host) for host in HOSTS))
    await put(hub, *(relation(host, "depends_on", "switch") for host in HOSTS))
    await put(hub, check("switch", "icmp", "critical"), *(check(host, "tcp", "critical") for host in HOSTS[1:]))
    await until(lambda: len(hub.book.effects_of(1)) == len(HOSTS), "all but one host are part of the incident")
    return hub


async def test_one_more_that_joins_is_all_that_is_written(hub: Hub) -> None:
    batches = hub.store.subscribe()
    await put(hub, check("h00", "tcp", "critical"))
    joined: list[str] = []
    async with asyncio.timeout(60):
        while not joined:
            joined = [delta.id for delta in await anext(batches) if delta.kind is Kind.EFFECT]
    assert joined == ["1/h00/tcp"]
    incident = await hub.store.get(Kind.INCIDENT, "1")
    assert incident is not None
    assert (incident["affected"], "effects" in incident) == (31, False)
    assert not await hub.store.history(Kind.EFFECT)


async def test_an_incident_of_the_past_has_the_checks_of_then(hub: Hub, client: HubClient, clock: HandClock) -> None:
    then = clock.now()
    await put(hub, check("switch", "icmp", since=clock.turn(minutes=1)), check("h00", "tcp", "warning"))
    await until(lambda: hub.book.effects_of(1).over, "the switch is well")
    before = await client.call("incident.show", number=1, at=then)
    now = await client.call("incident.show", number=1)
    assert [row["effects"][0]["recovered_at"] for row in (before, now)] == [None, clock.now()]
    assert [(row["effects"][0]["check"], len(row["effects"])) for row in (before, now)] == [("switch/icmp", 30)] * 2


async def test_a_check_of_the_past_is_part_of_the_incident_of_then(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    then = clock.now()
    clock.turn(minutes=1)
    await client.call("incident.close", number=1, text="false alarm")
    (now,) = await client.call("check.list", filter="id=switch/icmp")
    (before,) = await client.call("check.list", filter="id=switch/icmp", at=then)
    assert (now["incident"], before["incident"]) == (None, 1)
    assert (await client.call("ci.show", id="h01", at=then))["checks"][0]["incident"] == 1


async def test_who_watches_checks_sees_that_their_incident_is_over_and_open_again(hub: Hub, client: HubClient) -> None:
    view = await client.open_view("checks", limit=50)

    async def seen(number: int | None) -> None:
        async with asyncio.timeout(60):
            changes = aiter(view)
            while {row["incident"] for row in view.rows.values()} != {number}:
                await anext(changes)

    await seen(1)
    await client.call("incident.resolve", number=1, text="not ours")
    await seen(None)
    await client.call("incident.reopen", number=1, text="ours after all")
    await seen(1)


async def test_what_is_merged_by_hand_brings_its_checks_and_holds_the_other_open(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    await put(hub, ci("db"), check("db", "tcp", "critical"))
    await until(lambda: hub.book.has(2), "an incident about the database")
    await put(hub, check("db", "tcp", since=clock.turn(seconds=1)))
    await until(lambda: hub.book.effects_of(2).over, "the database is well")
    merged = await client.call("incident.merge", number=1, other=2, text="the same power cut")
    assert (merged["affected"], merged["recovered_at"]) == (31, None)
    shown = await client.call("incident.show", number=2)
    assert len(shown["effects"]) == 31
    assert hub.book.number_of("h07/tcp") == 2
