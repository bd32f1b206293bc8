"""The live views of on-call, people, silences and maintenance, and what is asked about one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from cmdb.hub import passing_time
from cmdb.hub.client import HubClient, HubRefusal, View
from cmdb.hub.hub import Hub
from tests.integration.test_oncall_verbs import FILE
from tests.support.hub import START, HandClock, check, ci, put, relation, until

HOUR = timedelta(hours=1)
SERVICES = """
[[service]]
name = "shop"
title = "Web shop"
[[service.component]]
name = "web"
select = "class=endpoint"
rule = 1
"""


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    monkeypatch.setattr(passing_time, "EVERY_S", 0.05)
    return {"oncall.toml": FILE, "services.d/shop.toml": SERVICES}


async def reads(view: View, **wanted: Any) -> Mapping[str, Any]:
    """The first row, once it is like this."""
    async with asyncio.timeout(60):
        while not view.ids or any(view.rows[view.ids[0]].get(name) != value for name, value in wanted.items()):
            await anext(aiter(view))
    return view.rows[view.ids[0]]


async def test_a_schedule_says_who_has_it_who_is_next_and_what_is_missing(client: HubClient) -> None:
    view = await client.open_view("oncall")
    row = view.rows["ops"]
    assert (row["people"], row["next"], row["state"]) == (["mia"], ["rab"], "staffed")
    assert row["next_at"] == START.replace(hour=0) + timedelta(days=1)
    assert row["gaps"] == 2  # two weekends
    await client.call(
        "oncall.override", schedule="ops", kind="replace", people=["rab"], instead_of="mia", end=START + HOUR
    )
    assert (await reads(view, people=["rab"]))["overrides"] == 1
    shown = await client.call("oncall.show", schedule="ops")
    assert [duty["people"] for duty in shown["duties"][:2]] == [["rab"], ["mia"]]
    assert shown["changes"][0]["instead_of"] == "mia"
    with pytest.raises(HubRefusal, match="nights"):
        await client.call("oncall.show", schedule="nights")


async def test_people_are_shown_without_their_addresses(client: HubClient) -> None:
    view = await client.open_view("roster")
    assert view.rows["mia"]["oncall"] == ["ops"]
    assert view.rows["mia"]["channels"] == ["mail"]
    assert "127.0.0.1" not in str(dict(view.rows)) + str(await client.call("oncall.person", name="mia"))


async def test_a_silence_ends_in_the_view_when_its_time_is_over(client: HubClient, clock: HandClock) -> None:
    view = await client.open_view("silences")
    await client.call("incident.open", title="loud")
    made = await client.call("silence.add", matchers=["title=loud"], end=START + 2 * HOUR, reason="known")
    await reads(view, state="active")
    shown = await client.call("silence.show", id=made["id"])
    assert [one["title"] for one in shown["matches"]] == ["loud"]
    assert await client.call("silence.preview", matchers=["title=quiet"]) == []
    clock.turn(minutes=90)
    await reads(view, state="ending")
    clock.turn(minutes=31)
    async with asyncio.timeout(60):
        while view.ids:
            await anext(aiter(view))


async def test_maintenance_says_what_it_covers(hub: Hub, client: HubClient) -> None:
    await put(hub, ci("web", "host", host="web", name="web-1"), ci("web-443", host="web"), ci("db", "host", host="db"))
    await until(lambda: bool(hub.services.members.known("web-443")), "the items are known")
    covers = await client.call("maintenance.preview", select="name=web-1")
    assert covers == {"items": 2, "hosts": ["web-1"], "more_hosts": 0, "services": ["shop"]}
    view = await client.open_view("maintenance")
    made = await client.call("maintenance.add", select="name=web-1", end=START + HOUR, title="new disk")
    await reads(view, state="active", title="new disk")
    shown = await client.call("maintenance.show", id=made["id"])
    assert shown["covers"] == covers
    assert shown["spans"] == [{"start": START, "end": START + HOUR}]


async def test_the_map_leads_from_a_service_to_what_is_not_well_below_it_and_back_up(
    hub: Hub, client: HubClient
) -> None:
    await put(
        hub,
        ci("web", "host", host="web", name="web-1"),
        ci("web-443", host="web", name="tcp/443"),
        ci("spare-443", name="tcp/443"),
        check("web-443", state="critical"),
        check("web", "load", "critical"),
        check("spare-443"),
        relation("web-443", "part_of", "web"),
    )
    await until(lambda: hub.services.state_of("shop") == "degraded", "shop has noticed")
    await until(lambda: len(hub.topology.graph) > 0, "the graph has noticed")
    found = await client.call("service.map", name="shop")
    told = [(row["kind"], row["depth"], row["name"], row["state"]) for row in found["down"]]
    assert told == [
        ("service", 0, "shop", "degraded"),
        ("component", 1, "web", "degraded"),
        ("item", 2, "tcp/443", "down"),
        ("cause", 3, "web-1", "critical"),
        ("item", 2, "tcp/443", "up"),
    ]
    assert found["down"][1]["note"] == "1 of 2 well, 1 needed"
    assert {row["name"]: row["services"] for row in found["up"]}["web-1"] == ["shop"]
    assert "web: tcp/443 on web-1 down" in (await client.call("service.show", name="shop"))["reasons"]


async def test_changes_have_names(hub: Hub, client: HubClient) -> None:
    web = ci("web", "host", host="web", name="web-1")
    await put(hub, web, ci("db", "host", host="db", name="db-1"), relation("web", "depends_on", "db"))
    view = await client.open_view("changes")
    assert {"web-1", "db-1", "web-1 depends on db-1"} == {row["name"] for row in view.rows.values()}
    assert {row["name"] for row in await client.call("history.list")} == {"web-1", "db-1"}
