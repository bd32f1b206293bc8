"""Ctrl-P: every view, every action and every record by name, Enter when one likes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cmdb.hub.hub import Hub
from console.screens.palette import Palette
from console.views.choice import Choice, fit_of, is_clear, meant
from console.views.deeds import possible
from console.views.keys import Act
from tests.support.hub import HandClock, hub_at
from tests.tui.fleet import give, incident, small_fleet
from tests.tui.seen import LIMIT_S, Seen, console_on


def _choices(*names: str) -> list[Choice]:
    return [Choice(name, "", lambda: None) for name in names]


def test_the_better_a_name_fits_the_earlier_it_stands() -> None:
    names = ["search", "web-arch", "archive", "a-r-c-h", "arch"]
    assert [one.name for one in meant(_choices(*names), "Arch")] == ["arch", "archive", "web-arch", "search", "a-r-c-h"]


@pytest.mark.parametrize(("name", "words"), [("agents", "incident"), ("", "x"), ("ab", "ba")])
def test_what_has_other_letters_does_not_fit(name: str, words: str) -> None:
    assert fit_of(name, words) is None


def test_only_a_start_of_a_name_or_word_is_clear() -> None:
    assert is_clear(_choices("Put on hold"), "hold")
    assert not is_clear(_choices("threshold"), "hold")


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with hub_at(tmp_path, clock=HandClock()) as hub:
        await small_fleet(hub)
        yield hub


async def _palette(seen: Seen, words: str) -> None:
    await seen.shows("ack 11m")
    await seen.press("ctrl+p")
    await seen.type(words)


async def test_it_leads_to_views(tmp_path: Path, hub: Hub) -> None:
    async with console_on(tmp_path, clock=HandClock()) as seen:
        await _palette(seen, "agents")
        await seen.shows(":agents")
        await seen.press("enter")
        await seen.shows("SECTIONS", "web-1.ber")


async def test_it_does_what_can_be_done_here(tmp_path: Path, hub: Hub) -> None:
    async with console_on(tmp_path, clock=HandClock()) as seen:
        await _palette(seen, "acknowledge")
        await seen.shows("I have it", "do with INC-1")
        await seen.press("enter")
        await seen.shows("INC-1 is yours")


async def test_every_action_is_in_it(tmp_path: Path, hub: Hub) -> None:
    async with console_on(tmp_path, clock=HandClock()) as seen:
        await seen.shows("ack 11m")
        deck = seen.console.screen
        names = {choice.name for choice in deck._choices()}  # type: ignore[attr-defined]
        pane = deck._pane  # type: ignore[attr-defined]
        assert {deed.label for deed in possible(pane.subject)} <= names
        offered = [key for key in deck._keys if key.act in deck._offered()]  # type: ignore[attr-defined]
        itself = {Act.PALETTE, Act.SAVED, Act.THEME, Act.ACKNOWLEDGE, Act.NOTE, Act.RUN, Act.SILENCE, Act.MAINTENANCE}
        assert {key.label for key in offered if key.group != "Move" and key.act not in itself} <= names


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("web-1.b", ("web-1.ber  host",)),
        ("97% us", ("INC-1", "respond")),
        ("INC-1", ("INC-1", "respond")),
        ("db-var/fil", ("/var 85% used", "every")),
        ("checks state=warning", ("checks state=warning", "/var 85% used")),
        ("ci db", ("db-1.ber  host",)),
    ],
)
async def test_enter_before_the_hub_has_answered_still_leads_to_the_record(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch, words: str, expected: tuple[str, ...]
) -> None:
    async with console_on(tmp_path, clock=HandClock()) as seen:
        call, slow = seen.console.link.call, asyncio.Event()

        async def answered_late(verb: str, /, **args: object) -> object:
            if verb == "ci.find":
                await slow.wait()
            return await call(verb, **args)

        monkeypatch.setattr(seen.console.link, "call", answered_late)
        await _palette(seen, words)
        await seen.press("enter")
        await seen.shows("looking for it")
        slow.set()
        await seen.until(lambda _: not isinstance(seen.console.screen, Palette), "the palette has gone", LIMIT_S)
        await seen.shows(*expected)


async def test_what_has_no_name_is_said_and_typing_goes_on(tmp_path: Path, hub: Hub) -> None:
    async with console_on(tmp_path, clock=HandClock()) as seen:
        await _palette(seen, "no such thing")
        await seen.press("enter")
        await seen.shows("nothing has that name")
        await seen.press("ctrl+u")
        await seen.type("services")
        await seen.press("enter")
        await seen.shows("BUDGET")


async def test_a_hostile_title_is_one_plain_line(tmp_path: Path, hub: Hub) -> None:
    await give(hub, incident(2, "evil\x1b[2J\x1b]0;owned\x07 [red]title[/red]\n\u202e", "db"))
    async with console_on(tmp_path, clock=HandClock()) as seen:
        await _palette(seen, "owned")
        screen = await seen.shows("INC-2 evil", "[red]title[/red]")
        assert screen.replace("\n", "").isprintable()
