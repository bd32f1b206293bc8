"""The console as lines of text."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.linear import answer
from console.views.place import VIEWS
from tests.support.hub import HandClock, client_of, hub_at
from tests.tui.fleet import small_fleet


@pytest.mark.parametrize("words", [*(aliases[0] for aliases in VIEWS.values()), "hosts", "filesystems"])
async def test_every_list_is_said_in_lines(tmp_path: Path, words: str) -> None:
    clock = HandClock()
    async with hub_at(tmp_path, clock=clock) as hub:
        await small_fleet(hub)
        async with await client_of(hub) as client:
            lines = await answer(client, words, clock)
            assert lines[0].startswith(f"{words}: ")
            assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("words", ["INC-1", "ci web", "check web-var/filesystem", "service this-host", "map all"])
async def test_every_record_is_said_in_lines(tmp_path: Path, words: str) -> None:
    clock = HandClock()
    async with hub_at(tmp_path, clock=clock) as hub:
        await small_fleet(hub)
        async with await client_of(hub) as client:
            lines = await answer(client, words, clock)
            assert len(lines) > 2, lines
            assert "state" in " ".join(lines) or "well" in " ".join(lines), lines


async def test_help_names_every_list(tmp_path: Path) -> None:
    clock = HandClock()
    async with hub_at(tmp_path, clock=clock) as hub, await client_of(hub) as client:
        said = " ".join(await answer(client, "help", clock))
        assert all(aliases[0] in said for view, aliases in VIEWS.items() if view != "ci")


async def test_places_and_deeds_are_answered_in_lines(tmp_path: Path) -> None:
    clock = HandClock()
    async with hub_at(tmp_path, clock=clock) as hub:
        await small_fleet(hub)
        async with await client_of(hub) as client:
            head, *rows = await answer(client, "triage", clock)
            assert "each says p, state, age" in head
            assert any("P2, NEW, 4m, INC-1, web-1.ber /var, /var 97% used, ack 11m" in row for row in rows)
            assert await answer(client, "acknowledge 1", clock) == ["INC-1 is yours"]
            assert "acknowledged by" in (await answer(client, "acknowledge INC-1", clock))[0]
            assert "and the words" in (await answer(client, "note 1", clock))[0]
            assert await answer(client, "note 1 looking at it", clock) == ["INC-1: noted"]
            assert any("looking at it" in line for line in await answer(client, "INC-1", clock))
            assert "no such view" in (await answer(client, "nonsense", clock))[0]
            assert await answer(client, "resolve 1 done", clock, readonly=True) == ["Read-only: nothing is done."]
