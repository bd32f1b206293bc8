"""What checks measured, held against agreements: answers that take too long, a disk that fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from checks.rollup import rolled, start_of
from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.series.measured import Measured
from tests.support.hub import HandClock, check, ci, put, until

SHOP = """
[[service]]
name = "shop"
[[service.component]]
name = "web"
select = "class=endpoint name~web"
[service.sla]
target = "99%"
latency_ms = 300
latency_share = 0.95
"""


@pytest.fixture
def files() -> Mapping[str, str]:
    return {"services.d/shop.toml": SHOP}


@pytest.fixture
async def hub(hub: Hub) -> Hub:
    await put(hub, ci("h1", "host", name="web-1"), ci("root", "filesystem", host="h1", name="/var"))
    await put(hub, ci("web", host="h1"), check("web", "http"), check("web", "tcp"), check("root", "filesystem"))
    await until(lambda: hub.services.state_of("shop") == "up", "shop is up")
    return hub


async def measured(hub: Hub, check_id: str, metric: str, hourly: Sequence[Sequence[float]]) -> None:
    """These values were measured in the last hours, one sequence an hour."""
    now, found = hub.clock.now(), []
    for ago, values in zip(range(len(hourly), 0, -1), hourly, strict=True):
        rollup = rolled(start_of(now - timedelta(hours=ago), "1m"), values)
        assert rollup is not None
        found.append(Measured(check_id, metric, "", rollup))
    await hub.check_history.series.take("agent", hash((check_id, metric)) & 0xFFFF, [], found)
    await hub.measuring.look()


async def test_answers_that_take_too_long_breach_the_agreement(hub: Hub, client: HubClient, clock: HandClock) -> None:
    clock.turn(days=1)
    await measured(hub, "web/tcp", "connect_ms", [[5.0] * 60])
    await measured(hub, "web/http", "response_ms", [[100.0] * 18 + [900.0] * 2] * 3)
    [row] = await client.call("sla.list", filter="name=shop")
    assert (row["status"], row["answers"]["within"], row["answers"]["count"]) == ("breached", 0.9, 60)
    [ahead] = await client.call("sla.forecast", name="shop")
    assert ahead["breached"]
    assert "90.0% of 60 answers came in 300 ms, 95.0% were agreed" in ahead["why"]
    review = await client.call("report.sla", period="30d", name="shop")
    [shop] = review["agreements"]
    assert (shop["kept"], shop["actual"], shop["answers"]["within"]) == (False, 1.0, 0.9)


async def test_quick_answers_keep_it(hub: Hub, client: HubClient, clock: HandClock) -> None:
    clock.turn(days=1)
    await measured(hub, "web/http", "response_ms", [[100.0] * 20] * 3)
    [row] = await client.call("sla.list", filter="name=shop")
    assert (row["status"], row["answers"]["kept"]) == ("met", True)


async def test_a_disk_that_fills_is_a_breach_ahead(hub: Hub, client: HubClient, clock: HandClock) -> None:
    clock.turn(days=3)
    await measured(hub, "root/filesystem", "used_percent", [[50 + hour * 0.5] for hour in range(48)])
    [row] = await client.call("sla.forecast", name="shop")
    [one] = row["ahead"]
    assert one["kind"] == "capacity"
    assert one["why"].startswith("/var on web-1 used_percent is at 74 % and rises 12.0 % a day: full in 2 d")
    assert row["breach_at"] == one["at"]
    assert abs(one["at"] - (clock.now() + timedelta(hours=53))) < timedelta(hours=1)
    assert (row["status"], row["breached"]) == ("met", False)
