"""Who is on and what they look at: told by each program, seen by the others, forgotten at its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.hub import Hub
from tests.support.hub import START, HandClock, client_of, until
from tests.tui.seen import console_on


async def test_the_others_see_where_somebody_looks_until_they_leave(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    async with await client_of(hub) as tom:
        await tom.call("hub.act_as", actor="tom", role="operator")
        await tom.call("presence.look", place="triage")
        clock.turn(minutes=3)
        await tom.call("presence.look", place="INC-12")
        (row,) = await client.call("presence.list")
        assert {name: row[name] for name in ("name", "role", "via", "place", "since")} == {
            "name": "tom", "role": "operator", "via": "local", "place": "INC-12", "since": START,
        }  # fmt: skip
        assert row["moved_at"] == clock.now()
        assert (await client.call("hub.status"))["people"] == [{"name": "tom", "place": "INC-12"}]
        assert (await tom.call("hub.status"))["people"] == []
    await until(lambda: not list(hub.presence.rows()), "tom's end")
    assert await client.call("presence.list") == []


async def test_who_watches_a_list_is_on_too(hub: Hub, client: HubClient) -> None:
    async with await client_of(hub) as tom:
        view = await tom.open_view("checks", filter="state!=ok")
        assert [row["place"] for row in await client.call("presence.list")] == ["checks state!=ok"]
        assert view.total == 0


async def test_a_watched_list_of_people_follows_them(hub: Hub, client: HubClient) -> None:
    people = await client.open_view("people")
    changes = aiter(people)
    async with await client_of(hub) as tom:
        await tom.call("presence.look", place="INC-3")
        while "INC-3" not in {row["place"] for row in people.window}:
            await anext(changes)
    while len(people.window) > 1:
        await anext(changes)


async def test_a_place_is_clean_and_bounded(client: HubClient) -> None:
    await client.call("presence.look", place="INC-1\x1b[2J" + "x" * 5000)
    (row,) = await client.call("presence.list")
    assert "\x1b" not in row["place"]
    assert len(row["place"]) <= 200
    with pytest.raises(HubRefusal, match="place"):
        await client.call("presence.look", place="")


async def test_there_is_no_past_of_who_looked_where(client: HubClient) -> None:
    with pytest.raises(HubRefusal, match="nobody's way through the console is kept"):
        await client.call("presence.list", at=START)


@pytest.mark.slow
async def test_a_console_says_where_it_is_and_shows_the_others(tmp_path: Path, hub: Hub, client: HubClient) -> None:
    await client.call("hub.act_as", actor="tom")
    await client.call("presence.look", place="checks")
    async with console_on(tmp_path, size=(120, 40)) as seen:
        await seen.shows("1 other on")
        await seen.type(":checks")
        await seen.press("enter")
        await until(lambda: "checks" in {row["place"] for row in hub.presence.rows() if row["name"] != "tom"}, "it")
        await seen.shows("with tom")
        await seen.type(":people")
        await seen.press("enter")
        await seen.shows("tom", "LOOKS AT", "people")
        assert "checks" in seen.line_with("tom")
