"""The same from the command line: what a person does at 3 a.m. is one line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import click
import pytest

from cmdb.clock import SystemClock
from cmdb.config import Config
from cmdb.hub.hub import Hub
from cmdb.hub.main import running
from cmdb.locations import Locations
from cmdb.store.memory import MemoryStore
from console.commands.grammar import watchdeck
from console.errors import CommandError
from console.exit_codes import Exit
from tests.support.hub import check, ci, put, until

FILE = """
[[person]]
name = "mia"
[[person]]
name = "rab"
[[schedule]]
name = "ops"
[[schedule.rotation]]
turns = [["mia"]]
start = 2026-01-01T00:00:00
[[policy]]
name = "default"
[[policy.step]]
targets = ["schedule:ops"]
[route]
policy = "default"
"""
Typed = Callable[..., Awaitable[str]]


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    (tmp_path / "oncall.toml").write_text(FILE)
    store = MemoryStore()
    async with running(Locations(tmp_path), Config(), SystemClock(), store) as hub:
        yield hub
    await store.close()


@pytest.fixture
def typed(hub: Hub, capsys: pytest.CaptureFixture[str]) -> Typed:
    """What a command prints."""

    async def run(*words: str) -> str:
        state = ["--state", str(hub.locations.state)]
        await asyncio.to_thread(watchdeck.main, [*words, *state], standalone_mode=False)
        return capsys.readouterr().out

    return run


async def test_who_is_on_call_and_a_change_of_it(typed: Typed) -> None:
    assert "mia" in await typed("oncall", "who")
    assert "replace rab in ops" in await typed("oncall", "override", "ops", "--replace", "mia", "rab", "--for", "8h")
    (who,) = json.loads(await typed("oncall", "who", "--json"))
    assert who["people"] == ["rab"]
    (override,) = json.loads(await typed("oncall", "overrides", "--json"))
    await typed("oncall", "end", override["id"])
    assert "no gaps" in await typed("oncall", "gaps")
    assert "mia" in await typed("oncall", "load", "--days", "2")


async def test_a_calendar_goes_out_and_in(typed: Typed, tmp_path: Path) -> None:
    path = tmp_path / "ops.ics"
    path.write_text(await typed("oncall", "export", "--days", "20"))
    assert "would be added" in await typed("oncall", "import", "ops", str(path), "--dry-run")


async def test_a_silence_and_a_window(typed: Typed) -> None:
    made = json.loads(await typed("silence", "add", "host=web1", "--for", "2h", "-m", "racks move", "--json"))
    assert "racks move" in await typed("silence", "list")
    await typed("silence", "end", made["id"])
    assert "no silences" in await typed("silence", "list")
    window = json.loads(await typed("maintenance", "add", "name=web1", "-m", "kernel", "--for", "1h", "--json"))
    assert "kernel" in await typed("maintenance", "list")
    await typed("maintenance", "end", window["id"])
    assert "no maintenance" in await typed("maintenance", "list")


async def test_a_silence_says_what_it_holds_for(typed: Typed) -> None:
    await typed("incident", "open", "web is slow")
    slow = await typed("silence", "add", "title=~.*slow", "--for", "2h", "-m", "it is known")
    assert slow.endswith(": it holds for INC-1\n")
    mistyped = await typed("silence", "add", "titel=~.*slow", "--for", "2h", "-m", "it is known")
    assert mistyped.endswith(": it holds for no incident that is open now\n")


async def test_a_hard_night(typed: Typed) -> None:
    await typed("incident", "open", "--title", "web is down", "--impact", "1", "--urgency", "1")
    await typed("incident", "open", "--title", "web is slow")
    assert "mia" in await typed("incident", "preview", "1")
    assert "took it over" in await typed("incident", "merge", "2", "1")
    assert "major" in await typed("incident", "major", "1", "customers cannot buy", "--every", "20")
    await typed("incident", "tell", "1", "customers", "we are on it")
    assert "INC-1 weighed" in await typed(
        "incident", "priority", "1", "one shop only", "--impact", "2", "--urgency", "2"
    )
    assert "acknowledged" in await typed("ack", "1")
    with pytest.raises(CommandError) as refused:
        await typed("incident", "escalate", "1")
    assert refused.value.status == Exit.CONFLICT


async def test_the_page_of_an_incident_says_where_what_and_what_next(hub: Hub, typed: Typed) -> None:
    bad = check("port", "tcp", "critical", since=hub.clock.now(), output="nothing listens")
    await put(hub, ci("web", "host", host="web", name="web-1"), ci("port", host="web", name="tcp/0.0.0.0:80"), bad)
    await until(lambda: len(hub.book) == 1, "an incident")
    page = (await typed("incident", "show", "1")).splitlines()
    assert page[0] == "INC-1 P2 new: tcp/0.0.0.0:80 on web-1: nothing listens"
    assert "item        tcp/0.0.0.0:80 on web-1 (port)" in page
    (answer,) = [line for line in page if line.startswith("answer by ")]
    assert " (in " in answer
    assert any("critical" in line and "cause" in line and "tcp of tcp/0.0.0.0:80 on web-1" in line for line in page)
    assert page[-1].startswith("next: incident ack 1 takes it")
    report = await typed("report", "incidents", "--period", "7d")
    assert "tcp of tcp/0.0.0.0:80 on web-1" in report
    await typed("ack", "1")
    assert "incident resolve 1" in (await typed("incident", "show", "1")).splitlines()[-1]


async def test_an_incident_is_explained_by_its_clocks_and_by_who_is_told_next(typed: Typed) -> None:
    await typed("incident", "open", "web is down", "--impact", "1", "--urgency", "1")
    respond, resolve, _, route, step = (await typed("incident", "explain", "1")).splitlines()
    assert respond.startswith("respond: running, the house's own times: ")
    assert " of 15 min passed (" in respond
    assert "; hours 24x7 (UTC); " in respond
    assert "due 20" in resolve
    assert route == "route root (it takes what no other route takes), policy default"
    assert step.endswith("mia (no channel): schedule:ops")
    await typed("incident", "hold", "1", "waiting", "for", "parts")
    explained = json.loads(await typed("incident", "explain", "1", "--json"))
    assert [clock["goal"] for clock in explained["clocks"]] == ["respond", "resolve"]


async def test_an_incident_is_not_left_to_a_name_that_nobody_has(typed: Typed) -> None:
    await typed("incident", "open", "web is slow")
    with pytest.raises(CommandError, match="person mai: is not known; known: mia, rab") as refused:
        await typed("incident", "assign", "1", "mai")
    assert refused.value.status == Exit.NOT_FOUND
    assert "assigned to rab" in await typed("incident", "assign", "1", "rab")


async def test_who_asks_for_more_people_is_told_why_there_are_none(typed: Typed) -> None:
    await typed("incident", "open", "web is slow")
    await typed("ack", "1")
    with pytest.raises(CommandError, match="nobody else is told; `watchdeck incident assign 1 WHO`"):
        await typed("incident", "escalate", "1")
    await typed("incident", "resolve", "1")
    with pytest.raises(CommandError, match="is resolved: nobody is told; `watchdeck incident reopen 1`"):
        await typed("incident", "escalate", "1")


async def test_what_is_missing_is_asked_for(typed: Typed) -> None:
    for words in (("oncall", "override", "ops", "--for", "1h"), ("silence", "add", "a=b", "-m", "x")):
        with pytest.raises(click.UsageError):
            await typed(*words)
