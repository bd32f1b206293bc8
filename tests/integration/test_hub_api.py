"""A real hub on its socket, asked by a real client."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cmdb.hub.client import HubClient, HubGone, HubRefusal
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.view_sources import source_of, view_name
from tests.support.hub import START, check, ci, client_of, hub_at, put, until


async def test_the_status_counts_what_is_there(hub: Hub, client: HubClient) -> None:
    await put(hub, ci("web", "host", host="web"), ci("tcp/80", host="web"), check("tcp/80", state="critical"))
    await until(lambda: hub.census.cis == 2, "the census has both CIs")
    status = await client.call("hub.status")
    assert status["counts"]["ci"] == 2
    assert status["counts"]["checks"] == {"ok": 0, "warning": 0, "critical": 1, "unknown": 0, "pending": 0}
    assert status["now"] == START
    assert status["state_dir"] == str(hub.locations.state)


async def test_lists_give_the_fields_of_the_command_line(hub: Hub, client: HubClient) -> None:
    await put(hub, ci("web", "host", host="web"), ci("tcp/80", host="web"), check("tcp/80", state="warning"))
    await until(lambda: hub.census.cis == 2, "the census has both CIs")
    assert [row["class"] for row in await client.call("ci.list")] == ["endpoint", "host"]
    (endpoint,) = await client.call("ci.list", **{"class": "endpoint"})
    assert endpoint["state"] == "warning"
    (row,) = await client.call("check.list")
    assert (row["ci_name"], row["host_name"], row["incident"]) == ("tcp/80", "web", None)
    assert await client.call("incident.list") == []


@pytest.mark.parametrize(
    ("verb", "args", "code", "why"),
    [
        ("ci.lisst", {}, Code.USAGE, "is not a verb"),
        ("ci.list", {"limit": "many"}, Code.USAGE, "limit"),
        ("ci.list", {"colour": 1}, Code.USAGE, "colour"),
        ("view.open", {"view": "nonsense"}, Code.USAGE, "is not known"),
        ("view.close", {"subscription": 7}, Code.NOT_FOUND, "is not open"),
    ],
)
async def test_a_wrong_request_is_refused_with_its_reason(
    client: HubClient, verb: str, args: dict[str, object], code: Code, why: str
) -> None:
    with pytest.raises(HubRefusal, match=why) as refused:
        await client.call(verb, **args)
    assert refused.value.failure.code is code


async def test_a_lowered_session_stays_low(client: HubClient) -> None:
    assert await client.call("hub.act_as", actor="mia", role="viewer") == {"actor": "mia", "role": "viewer"}
    with pytest.raises(HubRefusal, match="mia is viewer") as refused:
        await client.call("hub.act_as", role="admin")
    assert refused.value.failure.code is Code.NOT_ALLOWED


async def test_many_calls_run_side_by_side_on_one_connection(client: HubClient) -> None:
    answers = await asyncio.gather(*(client.call("hub.status") for _ in range(400)))
    assert len(answers) == 400


async def test_what_waits_ends_when_the_hub_goes(tmp_path: Path) -> None:
    async with hub_at(tmp_path) as hub:
        client = await client_of(hub)
        waiting = asyncio.create_task(client.call("hub.ready"))
        await asyncio.sleep(0)
    with pytest.raises(HubGone):
        await waiting
    await client.close()
    with pytest.raises(HubGone, match=r"hub\.sock"):
        await HubClient.connect(tmp_path / "hub.sock")


async def test_a_view_holds_its_window_and_follows_changes(hub: Hub, client: HubClient) -> None:
    await put(hub, *(ci(f"ci-{number:03}") for number in range(100)))
    view = await client.open_view("ci", sort="-name", limit=10)
    assert (view.total, view.matched, view.ids[0], len(view.ids)) == (100, 100, "ci-099", 10)
    changes = aiter(view)
    await put(hub, ci("ci-100"))
    await anext(changes)
    assert (view.total, view.ids[0], len(view.ids)) == (101, "ci-100", 10)
    await put(hub, ci("ci-095", name="aaa"))
    await anext(changes)
    assert "ci-095" not in view.ids
    await view.move(offset=95)
    assert view.window[-1]["name"] == "aaa"
    await view.close()


async def test_the_window_follows_its_anchor(hub: Hub, client: HubClient) -> None:
    await put(hub, *(ci(f"ci-{number:03}") for number in range(100)))
    view = await client.open_view("ci", sort="name", limit=10)
    await view.move(offset=0, anchor="ci-050")
    assert "ci-050" in view.ids
    before = view.offset
    changes = aiter(view)
    await put(hub, *(ci(f"aa-{number:03}") for number in range(20)))
    await anext(changes)
    assert "ci-050" in view.ids
    assert view.offset > before


async def test_a_change_outside_the_window_sends_only_counts(hub: Hub, client: HubClient) -> None:
    await put(hub, *(ci(f"ci-{number:03}") for number in range(100)))
    view = await client.open_view("ci", sort="name", limit=5)
    ids = list(view.ids)
    changes = aiter(view)
    await put(hub, ci("zz"))
    await anext(changes)
    assert (view.ids, view.matched) == (ids, 101)


async def test_unhealthy_checks_are_on_triage_until_they_are_well(hub: Hub, client: HubClient) -> None:
    await put(hub, ci("web", "host", host="web"), check("web", "load", hard=False, state="warning"))
    view = await client.open_view("triage")
    assert [(row["kind"], row["title"], row["ci_name"]) for row in view.window] == [("check", "load warning", "web")]
    changes = aiter(view)
    await put(hub, check("web", "load"))
    await anext(changes)
    assert view.ids == []


async def test_classes_count_their_cis(hub: Hub, client: HubClient) -> None:
    await put(hub, ci("web", "host"), ci("a"), ci("b", status="missing"))
    await until(lambda: hub.census.cis == 3, "the census has all")
    view = await client.open_view("classes")
    assert [(row["class"], row["count"], row["missing"]) for row in view.window] == [("endpoint", 2, 1), ("host", 1, 0)]


async def test_changes_are_listed_newest_first(hub: Hub, client: HubClient) -> None:
    await put(hub, ci("web", attributes={"cpu": 1}))
    view = await client.open_view("changes")
    changes = aiter(view)
    await put(hub, ci("web", attributes={"cpu": 2}))
    await anext(changes)
    newest = view.window[0]
    assert (newest["attribute"], newest["before"], newest["after"], newest["actor"]) == ("attributes.cpu", 1, 2, "test")


async def test_a_frame_that_is_no_request_ends_that_connection_alone(hub: Hub, client: HubClient) -> None:
    reader, writer = await asyncio.open_unix_connection(hub.locations.hub_socket)
    writer.write(b"\x00\x00\x00\x03abc")
    assert await reader.read() == b""
    writer.close()
    assert (await client.call("hub.status"))["pid"]


async def test_what_people_open_first_is_kept_ready_and_up(hub: Hub, client: HubClient) -> None:
    await put(hub, *(ci(f"ci-{number}") for number in range(1000)), check("ci-7"))
    await until(lambda: hub.census.cis == 1000, "the census has all")
    sources = hub.sources
    args = {"class": "endpoint"}
    await hub.feed.ready(view_name("ci", args), source_of("ci", args, sources))
    assert view_name("ci", args) in hub.feed.kept
    for number in range(40):  # others come and go
        view = await client.open_view("ci", args=args, sort=f"attributes.x{number}", limit=1)
        await view.close()
    await put(hub, check("ci-7", state="critical"), ci("aaa"))
    view = await client.open_view("ci", args=args, filter="", limit=1000)
    assert (view.total, view.ids[0]) == (1001, "aaa")
    assert view.rows["ci-7"]["state"] == "critical"


async def test_who_opens_a_view_takes_no_news_from_who_has_it_open(hub: Hub, client: HubClient) -> None:
    await put(hub, ci("web"))
    first = await client.open_view("ci", limit=10)
    changes = aiter(first)
    for number in range(10):
        await put(hub, ci("web", attributes={"round": number}))
        second = await client.open_view("ci", limit=10)
        assert second.rows["web"]["attributes"] == {"round": number}
        await second.close()
        while first.rows["web"]["attributes"].get("round") != number:
            await asyncio.wait_for(anext(changes), 60)
