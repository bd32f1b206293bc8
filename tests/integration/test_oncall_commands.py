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


async def test_what_is_missing_is_asked_for(typed: Typed) -> None:
    for words in (("oncall", "override", "ops", "--for", "1h"), ("silence", "add", "a=b", "-m", "x")):
        with pytest.raises(click.UsageError):
            await typed(*words)
