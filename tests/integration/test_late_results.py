"""An agent was cut off and kept on looking: what it tells afterwards becomes the service's record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
import pytest

from agent.wire import Results, Summary
from cmdb.hub.check_results import Step, after_summary
from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.model.check import CheckRecord
from cmdb.model.kind import Kind
from tests.support.hub import START, HandClock, check, ci, put, until

SHOP = """
[[service]]
name = "shop"
[[service.component]]
name = "web"
select = "class=endpoint name~web"
[service.sla]
target = "99%"
"""


@pytest.fixture
def files() -> Mapping[str, str]:
    return {"services.d/shop.toml": SHOP}


async def now_in(hub: Hub, state: str, expected: str, item: str = "web-1", reason: str | None = None) -> None:
    await put(hub, ci(item, "endpoint"), check(item, state=state, reason=reason))
    await until(lambda: hub.services.state_of("shop") == expected, f"shop is {expected}")

    async def noted() -> bool:
        later = hub.clock.now() + timedelta(seconds=1)
        found = await hub.check_history.series.transitions(f"{item}/tcp", START, later, 100)
        return state in {one.state for one in found}

    await until(noted, f"the history of {item} has {state}")


async def tell_late(hub: Hub, item: str, *stretches: tuple[datetime, datetime, str]) -> None:
    """What the agent spooled: these states of the item's check."""
    document = await hub.store.get(Kind.CHECK, f"{item}/tcp")
    record = msgspec.structs.replace(msgspec.convert(document, CheckRecord), last_result_at=None)
    for number, (start, end, state) in enumerate(stretches, 1):
        word = {"ok": 0, "critical": 2}[state]
        said = Summary(record.id, start, end, word, 10, state)
        step = after_summary(record, said, hub.clock.now())
        assert isinstance(step, Step)
        await hub.refining.take(f"agent of {item}", Results(number, [], [said]), [step])
    await hub.refining.refine()


async def is_told(hub: Hub, check_id: str) -> bool:
    return check_id in await hub.check_history.series.latest()


async def intervals(client: HubClient) -> list[tuple[str, float]]:
    shop = await client.call("sla.explain", name="shop")
    # The first moment of a service is unknown, until it has been looked at.
    return [(row["state"], round(row["counted_s"])) for row in shop["intervals"][1:]]


async def test_an_outage_behind_a_cut_is_counted_once_it_is_known(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    await now_in(hub, "ok", "up")
    cut = clock.turn(hours=1)
    await now_in(hub, "unknown", "unknown", reason="no_data")
    down, up = clock.turn(hours=1), clock.turn(minutes=30)
    clock.turn(minutes=30)
    await now_in(hub, "ok", "up")
    clock.turn(hours=1)
    assert await intervals(client) == [("up", 3600), ("unknown", 7200), ("up", 3600)]
    await tell_late(hub, "web-1", (cut, down, "ok"), (down, up, "critical"), (up, clock.now(), "ok"))
    assert await intervals(client) == [("up", 3600), ("up", 3600), ("down", 1800), ("up", 1800), ("up", 3600)]
    shop = await client.call("sla.explain", name="shop")
    assert (round(shop["unknown_s"]), shop["down_s"]) == (0, 1800)
    assert shop["intervals"][3]["source"] == "web: web-1 down; known from results that came late"
    await tell_late(hub, "web-1", (cut, clock.now(), "ok"))
    assert (await client.call("sla.show", name="shop"))["down_s"] == 1800, "what is known stays"


async def test_what_an_agent_that_was_there_saw_counts_beside_it(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await now_in(hub, "ok", "up")
    await now_in(hub, "ok", "up", item="web-2")
    cut = clock.turn(hours=1)
    await now_in(hub, "unknown", "unknown", reason="no_data")
    clock.turn(hours=1)
    await now_in(hub, "ok", "up")
    clock.turn(hours=1)
    await until(lambda: is_told(hub, "web-2/tcp"), "what web-2 went through is kept")
    await tell_late(hub, "web-1", (cut, clock.now(), "ok"))
    assert await intervals(client) == [("up", 3600), ("up", 3600), ("up", 3600)]
