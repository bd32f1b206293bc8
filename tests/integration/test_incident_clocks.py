"""An incident's clocks through the hub: hours and pauses of the agreement, and what is said as time passes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from cmdb.hub.client import HubClient
from cmdb.hub.clock_watch import ClockWatch
from cmdb.hub.hub import Hub
from tests.support.hub import HandClock, check, ci, put, until

SHOP = """
[[service]]
name = "shop"
criticality = 1
hours = "Mon-Fri 09:00-17:00"
[[service.component]]
name = "web"
select = "class=endpoint name~web"
[service.sla]
target = "99%"
respond = { 1 = "30m" }
resolve = { 1 = "8h" }
pauses = ["waiting for the user"]
"""


@pytest.fixture
def clock() -> HandClock:
    clock = HandClock()
    clock.turn(hours=3)  # Monday 2026-03-02, 15:00
    return clock


@pytest.fixture
def files() -> Mapping[str, str]:
    return {"services.d/shop.toml": SHOP}


@pytest.fixture
async def hub(hub: Hub) -> Hub:
    await put(hub, ci("web-1", "endpoint"), check("web-1", state="critical"))
    await until(lambda: len(hub.book) == 1, "the check opened an incident")
    return hub


@pytest.fixture
def actor() -> str:
    return "mia"


async def test_due_times_follow_the_hours_and_the_holds_of_the_agreement(client: HubClient, clock: HandClock) -> None:
    monday = clock.now().replace(hour=0)
    incident = await client.call("incident.show", number=1)
    assert incident["respond_due"] == monday + timedelta(hours=15, minutes=30)
    assert incident["resolve_due"] == monday + timedelta(days=1, hours=15)
    await client.call("incident.ack", number=1)
    clock.turn(hours=19)
    held = await client.call("incident.hold", number=1, reason="waiting for the user")
    assert held["resolve_due"] is None
    [_, resolve] = await client.call("incident.clocks", number=1)
    assert (resolve["state"], resolve["waits_for"], resolve["passed_s"]) == ("paused", "the user", 3 * 3600)
    clock.turn(hours=25)
    resumed = await client.call("incident.resume", number=1)
    assert resumed["resolve_due"] == monday + timedelta(days=2, hours=16)


async def test_the_timeline_says_once_when_time_runs_out(hub: Hub, client: HubClient, clock: HandClock) -> None:
    watch = ClockWatch(hub.clock, hub.services, hub.config.incident, hub.book, hub.incidents)
    clock.turn(minutes=28)
    await watch.look()
    await watch.look()
    incident = await client.call("incident.show", number=1)
    said = [entry["text"] for entry in incident["timeline"] if entry["what"] == "clock"]
    assert said == ["90% of the 30 min to respond (shop) passed, due 2026-03-02T15:30:00Z; it waits for first response"]
