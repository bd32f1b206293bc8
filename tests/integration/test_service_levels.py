"""Services and agreements through the hub's socket: declared in a file, judged by checks, explained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from tests.support.hub import HandClock
from tests.support.shop import set_web

SHOP = """
[[service]]
name = "shop"
criticality = 1
[[service.component]]
name = "web"
select = "class=endpoint name~web"
rule = 1
[service.sla]
target = "99.9%"
respond = { 1 = "15m" }
"""


@pytest.fixture
def files() -> Mapping[str, str]:
    return {"services.d/shop.toml": SHOP}


async def test_an_outage_is_in_the_record_and_in_every_figure(hub: Hub, client: HubClient, clock: HandClock) -> None:
    clock.turn(minutes=1)
    await set_web(hub, "ok")
    clock.turn(hours=10)
    await set_web(hub, "critical")
    clock.turn(minutes=21, seconds=36)
    await set_web(hub, "ok")
    shop: dict[str, Any] = await client.call("sla.explain", name="shop")
    assert [(row["state"], row["counted_s"]) for row in shop["intervals"]] == [
        ("unknown", 60),
        ("up", 36000),
        ("down", 1296),
    ]
    assert shop["intervals"][2]["why"] == "21 min 36 s down"
    assert shop["days"] == [{"day": "2026-03-02", "share": 36000 / 37296, "left": 0.5}]
    assert [point["left"] for point in (shop["curve"][0], shop["curve"][-1])] == [1.0, 0.5]
    assert shop["curve"][-1]["at"] == clock.now()
    assert (shop["budget_s"], shop["budget_remaining_s"], shop["budget_remaining"]) == (2592, 1296, 0.5)
    assert shop["actual"] == 36000 / 37296
    [listed] = await client.call("sla.list", filter="name=shop")
    assert {name: shop[name] for name in listed} == listed


async def test_the_days_of_an_agreement_begin_with_the_record_and_follow_what_is_known(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    await set_web(hub, "ok")
    clock.turn(days=1)
    view = await client.open_view("days", filter="name=shop")
    clock.turn(days=1)
    await set_web(hub, "critical")
    clock.turn(hours=3)
    await view.move(offset=0)
    shares = {day["day"]: day["share"] for day in view.rows["shop"]["days"]}
    assert list(shares) == ["2026-03-02", "2026-03-03", "2026-03-04"]
    assert (shares["2026-03-02"], shares["2026-03-03"]) == (1.0, 1.0)
    assert shares["2026-03-04"] < 0.9
    assert (view.rows["shop"]["missed"], view.rows["shop"]["worst"]) == (1, shares["2026-03-04"])
    assert await client.call("sla.days", filter="name=shop") == [view.rows["shop"]]


async def test_a_service_is_shown_with_what_it_is_made_of(hub: Hub, client: HubClient) -> None:
    await set_web(hub, "critical")
    tree: dict[str, Any] = await client.call("service.tree", name="shop")
    assert (tree["state"], tree["reasons"]) == ("down", ["web: web-1 down"])
    [web] = tree["components"]
    assert (web["name"], web["state"], web["rule"]) == ("web", "down", "1")
    assert web["cis"] == [{"id": "web-1", "name": "web-1", "host_name": "", "state": "down"}]
    assert [row["name"] for row in await client.call("service.list")] == ["shop", "this-host"]


async def test_the_past_is_shown_as_it_was(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await set_web(hub, "ok")
    before = clock.turn(minutes=10)
    clock.turn(minutes=10)
    await set_web(hub, "critical")
    clock.turn(minutes=10)
    assert (await client.call("service.show", name="shop", at=before))["state"] == "up"
    assert (await client.call("sla.show", name="shop", at=before))["actual"] == 1.0
    assert (await client.call("sla.show", name="shop"))["actual"] < 1.0


async def test_another_period_may_be_looked_at(hub: Hub, client: HubClient) -> None:
    [shop, _] = await client.call("sla.list", period="7d")
    assert (shop["period"], shop["budget_s"]) == ("7d", 604.8)
    with pytest.raises(HubRefusal) as failed:
        await client.call("sla.list", period="fortnight")
    assert failed.value.failure.code is Code.USAGE


async def test_an_agreement_that_is_not_known_is_not_found(client: HubClient) -> None:
    for verb in ("sla.show", "service.tree"):
        with pytest.raises(HubRefusal) as failed:
            await client.call(verb, name="nothing")
        assert failed.value.failure.code is Code.NOT_FOUND


async def test_open_views_follow_the_state(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await set_web(hub, "ok")
    clock.turn(minutes=1)
    agreements = await client.open_view("sla", filter="name=shop")
    assert [row["status"] for row in agreements.window] == ["met"]
    services = await client.open_view("services", filter="state=down")
    assert services.window == []
    changes = aiter(services)
    await set_web(hub, "critical")
    await anext(changes)
    assert [row["name"] for row in services.window] == ["shop"]


async def test_reloading_names_what_is_wrong_and_keeps_what_was(hub: Hub, client: HubClient) -> None:
    file = hub.locations.services_dir / "shop.toml"
    file.write_text(SHOP.replace("criticality", "critically"))
    with pytest.raises(HubRefusal) as failed:
        await client.call("config.reload")
    assert failed.value.failure.code is Code.USAGE
    assert "shop.toml:4" in str(failed.value)
    file.write_text(SHOP.replace('"shop"', '"store"'))
    assert await client.call("config.reload") == {"services": 1, "agreements": 1}
    assert [row["name"] for row in await client.call("service.list")] == ["store", "this-host"]
