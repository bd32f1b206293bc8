"""Every screen at both sizes, by somebody who knows k9s: `:`, `/`, Enter, Esc and `?` do what they expect."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from tests.integration.test_oncall_verbs import FILE
from tests.support.hub import START, HandClock, client_of, hub_at
from tests.tui.fleet import small_fleet
from tests.tui.seen import Seen, console_on

SERVICES = """
[[service]]
name = "shop"
title = "Web shop"
[[service.component]]
name = "web"
select = "class=host"
rule = 1
[service.sla]
period = "30d"
target = "99.9%"
penalty = 5000
consequences = "a month free of charge"
stakeholders = ["board@example.org"]
"""
# words → what is on the screen then, and what Enter leads to (from people: to where they are).
LISTS = {
    "triage": ("INC-1", "respond"),
    "incidents": ("INC-1", "respond"),
    "checks": ("load 0.4", "every"),
    "services": ("shop", "hours"),
    "sla": ("shop", "Forecast"),
    "days": ("MISSED", "Forecast"),
    "oncall": ("ops", "Turns"),
    "roster": ("mia", "Turns"),
    "silences": ("known", "Holds for"),
    "maintenance": ("new disk", "Hosts"),
    "cmdb": ("filesystem", "NAME"),
    "hosts": ("web-1.ber", "known for"),
    "agents": ("web-1.ber", "Sections"),
    "people": ("LOOKS AT", ""),
    "changes": ("web-1.ber", "known for"),
}
RECORDS = {
    "INC-1": "respond",
    "ci web": "known for",
    "service shop": "Components",
    "sla shop": "A breach costs",
    "schedule ops": "The next 14 days",
    "person mia": "reached by",
    "map": "map of all services",
    "map shop": "map of shop",
    "diff web-1.ber db-1.ber": "against",
    "agent web-1.ber": "platform",
}


async def furnished(hub: Hub) -> None:
    """Something in every list."""
    await small_fleet(hub)
    client: HubClient
    async with await client_of(hub) as client:
        end = START + timedelta(hours=3)
        await client.call("silence.add", matchers=["host=web-1.ber"], end=end, reason="known")
        await client.call("maintenance.add", select="class=host name=db-1.ber", end=end, title="new disk")


async def understands(seen: Seen, *, a_list: bool) -> None:
    """Help opens and closes; the prompts open and close; nothing else has changed then."""
    where = seen.lines[1]
    await seen.press("question_mark")
    await seen.shows("next row")
    await seen.press("escape")
    await seen.hides("next row")
    for key in ("colon", *(("slash",) if a_list else ())):
        await seen.press(key)
        await seen.until(lambda _screen: seen.prompt_is_open, f"{key} asks for words", 60)
        await seen.press("escape")
        await seen.until(lambda _screen: not seen.prompt_is_open, "Esc leaves it", 60)
    assert seen.lines[1].split()[0] == where.split()[0]


async def goes(seen: Seen, words: str, shown: str) -> None:
    await seen.type(f":{words}")
    await seen.press("enter")
    await seen.shows(shown)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["wide", "narrow"])
async def test_who_knows_k9s_finds_the_way_on_every_screen(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "oncall.toml").write_text(FILE)
    (tmp_path / "services.d").mkdir()
    (tmp_path / "services.d" / "shop.toml").write_text(SERVICES)
    async with hub_at(tmp_path, clock=HandClock()) as hub:
        await furnished(hub)
        async with console_on(tmp_path, size=size, clock=HandClock()) as seen:
            await seen.shows("INC-1")
            for words, (shown, inside) in LISTS.items():
                await goes(seen, words, shown)
                await understands(seen, a_list=True)
                if inside:
                    await seen.press("g", "enter")
                    await seen.shows(inside)
                    await seen.press("escape")
                    await seen.shows(shown)
            for words, shown in RECORDS.items():
                await goes(seen, words, shown)
                await understands(seen, a_list=False)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(60, 16), (40, 12), (20, 6)])
async def test_new_screens_shrink_to_what_there_is_room_for(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "oncall.toml").write_text(FILE)
    async with hub_at(tmp_path, clock=HandClock()) as hub:
        await furnished(hub)
        async with console_on(tmp_path, size=size, clock=HandClock()) as seen:
            for words, shown in (("oncall", "ops"), ("silences", "HUSH"), ("maintenance", "WORK"), ("map", "this-h")):
                await goes(seen, words, shown)
