"""A recorded storm of 10,000 events: none is lost, the incidents are right, and the hub answers meanwhile."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.protocol import Store
from tests.support.hub import HandClock, check, put, until
from tests.support.storm import SWITCH, is_bad_at_the_end, landscape, replay, settled, storm

pytestmark = pytest.mark.slow
EVENTS = storm()


@pytest.fixture
async def store(tmp_path: Path) -> Store:
    return await EmbeddedStore.open(tmp_path / "watchdeck.db")


async def test_no_event_is_lost_and_all_of_it_is_one_incident(hub: Hub, client: HubClient, clock: HandClock) -> None:
    assert len(EVENTS) >= 10_000
    await landscape(hub, EVENTS)
    answered = asyncio.create_task(_ask_until(client))
    await replay(hub, clock, EVENTS)
    await settled(hub, EVENTS)
    answered.cancel()
    (grave,) = [one for one in hub.book if hub.book.effects_of(one.number).bad]
    first, *rest = hub.book.effects_of(grave.number)
    assert (grave.ci, first.check) == ("switch", SWITCH)
    assert {effect.role for effect in rest} == {"impact"}
    assert all(" depends on switch, which is down" in effect.why for effect in rest)
    expected = is_bad_at_the_end(EVENTS)
    in_record = {one["id"]: one["state"] == "critical" for one in await hub.store.find(Kind.CHECK)}
    assert in_record == expected
    ever = {event.check for event in EVENTS if event.state == "critical" and event.attempt > 1}
    assert {effect["check"] for effect in await hub.store.find(Kind.EFFECT)} == ever


async def test_what_recovers_after_a_storm_leaves_what_does_not(hub: Hub, client: HubClient, clock: HandClock) -> None:
    few = [event for event in EVENTS if event.host in {"switch", "h01", "h02", "h03"}]
    await landscape(hub, few)
    await replay(hub, clock, few)
    await settled(hub, few)
    still_bad = [name for name, bad in is_bad_at_the_end(few).items() if bad and name != SWITCH]
    stays = random.Random(8).choice(still_bad)
    well = (name.split("/") for name in (*still_bad, SWITCH) if name != stays)
    await put(hub, *(check(host, name) for host, name in well))
    await until(lambda: all(one.recovered_at is not None for one in hub.book), "the switch is well", limit_s=180)
    clock.turn(minutes=6)
    hub.desk.stir()
    host = stays.partition("/")[0]

    def own() -> bool:
        incident = hub.book.of_check(stays)
        return incident is not None and incident.ci == host and len(hub.book) == 1

    await until(own, f"{stays} has an incident of its own, and nothing else has", limit_s=180)
    assert [row["ci"] for row in await client.call("incident.list")] == [host]


async def _ask_until(client: HubClient) -> None:
    while True:
        await client.call("incident.list")
        await asyncio.sleep(0.05)
