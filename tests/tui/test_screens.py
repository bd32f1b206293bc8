"""The console at its two sizes, on a real hub, read as text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cmdb.hub.hub import Hub
from console.output.themes import LOOKS
from console.views.glyphs import ASCII
from tests.support.hub import START, HandClock, check, ci, hub_at, put, relation
from tests.tui.fleet import give, incident, small_fleet
from tests.tui.seen import console_on

SIZES = [(120, 40), (80, 24)]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def hub(tmp_path: Path, clock: HandClock) -> AsyncIterator[Hub]:
    async with hub_at(tmp_path, clock=clock) as hub:
        await small_fleet(hub)
        yield hub


@pytest.mark.parametrize("size", SIZES)
async def test_triage_shows_incidents_and_what_is_not_well(
    tmp_path: Path, hub: Hub, clock: HandClock, size: tuple[int, int]
) -> None:
    async with console_on(tmp_path, size=size, clock=clock) as seen:
        await seen.shows("INC-1", "/var 97% used", "/var 85% used", "NEW", "WARN", "1 CRIT 1 WARN")
        assert "ack 11m" in seen.cursor_line
        assert "load 0.4" not in seen.screen
        assert seen.cursor_line == seen.line_with("NEW")
        assert "? Help" in seen.lines[-1]


@pytest.mark.parametrize("size", SIZES)
async def test_a_check_behind_what_is_down_is_said_to_be_unreachable(
    tmp_path: Path, clock: HandClock, size: tuple[int, int]
) -> None:
    async with hub_at(tmp_path, clock=clock) as hub:
        await put(hub, ci("switch", "host", host="switch", name="core-1"), ci("shop"))
        await put(
            hub, relation("shop", "depends_on", "switch"), check("switch", "icmp", "critical", output="no answer")
        )
        await put(hub, check("shop", "http", "critical", output="timed out"))
        async with console_on(tmp_path, size=size, clock=clock) as seen:
            await seen.type(":checks")
            await seen.press("enter")
            await seen.shows("BLKD", "unreachable: core-1", "no answer")
            assert "BLKD" in seen.line_with("unreachable: core-1")
            assert "CRIT" in seen.line_with("no answer")


async def test_a_wide_terminal_shows_the_record_beside_the_list(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.shows("opened", "Timeline", "check went critical")
    async with console_on(tmp_path, size=(80, 24), clock=clock) as seen:
        await seen.shows("INC-1")
        assert "Timeline" not in seen.screen


async def test_80_by_24_keeps_19_rows(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    await give(hub, *(ci(f"h{n:02}", "host", name=f"host-{n:02}") for n in range(40)))
    async with console_on(tmp_path, size=(80, 24), clock=clock) as seen:
        await seen.type(":hosts")
        await seen.press("enter")
        await seen.shows("host-18")
        assert sum("host-" in line for line in seen.lines) >= 19


@pytest.mark.slow
async def test_the_way_in_and_out_of_the_cmdb(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    async with console_on(tmp_path, size=(80, 24), clock=clock) as seen:
        await seen.type(":cmdb")
        await seen.press("enter")
        await seen.shows("filesystem", "host")
        await seen.press("G", "enter")
        await seen.shows("web-1.ber", "db-1.ber", "LOAD")
        await seen.press("escape")
        await seen.shows("COUNT")
        await seen.press("minus")
        await seen.shows("web-1.ber")
        await seen.press("left_square_bracket", "left_square_bracket", "left_square_bracket")
        await seen.shows("INC-1")
        await seen.press("right_square_bracket")
        await seen.shows("COUNT")


async def test_new_trouble_appears_by_itself_and_the_cursor_stays_on_its_record(
    tmp_path: Path, hub: Hub, clock: HandClock
) -> None:
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.shows("/var 85% used")
        await seen.press("j")
        await seen.cursor_on("/var 85% used")
        await give(hub, incident(2, "everything is on fire", "db", priority=1, opened_at=START + timedelta(seconds=1)))
        await seen.shows("P1  NEW")
        await seen.cursor_on("/var 85% used")
        assert seen.lines.index(seen.line_with("P1  NEW")) < seen.lines.index(seen.cursor_line)


@pytest.mark.slow
async def test_time_goes_on_without_a_change(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.shows("ack 11m")
        clock.turn(minutes=12)
        await seen.shows("late 1m", "16m")


@pytest.mark.parametrize("size", [*SIZES, (60, 16), (45, 20), (20, 6), (300, 90)])
async def test_no_size_is_refused(tmp_path: Path, hub: Hub, clock: HandClock, size: tuple[int, int]) -> None:
    async with console_on(tmp_path, size=size, clock=clock) as seen:
        await seen.shows("P2")
        assert seen.cursor_line


@pytest.mark.slow
async def test_a_hub_that_is_not_there_is_a_banner_not_an_end(tmp_path: Path) -> None:
    async with console_on(tmp_path, size=(80, 24)) as seen:
        await seen.shows("No hub: again in", "no hub")
        async with hub_at(tmp_path) as hub:
            await small_fleet(hub)
            await seen.shows("INC-1", "/var 97% used")
            await seen.hides("No hub")
        await seen.shows("No hub: again in", "what you see is", "/var 97% used")
        async with hub_at(tmp_path) as hub:
            await give(hub, check("x", "tcp", "critical", output="another life"))
            await seen.shows("another life")
            await seen.hides("No hub")


async def test_hostile_names_do_not_break_the_screen(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    names = [
        "\x1b[2J\x1b]0;owned\x07",
        "日本語のとても長い名前のホスト",
        "\u202etxt.exe",
        "a\u0301\u0302\u0303\u0304",
        "tab\tnl\n",
    ]
    await give(hub, *(ci(f"x{n}", "host", name=name) for n, name in enumerate(names)))
    async with console_on(tmp_path, size=(80, 24), clock=clock) as seen:
        await seen.type(":hosts")
        await seen.press("enter")
        screen = await seen.shows("日本語", "]0;owned", "txt.exe", "tab nl")
        assert "\x1b" not in screen
        assert screen.replace("\n", "").isprintable()


async def test_help_lists_the_keys_and_the_footer_only_those_that_work(
    tmp_path: Path, hub: Hub, clock: HandClock
) -> None:
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.shows("a Ack")
        await seen.press("question_mark")
        await seen.shows("next row", "the view before this one")
        await seen.press("escape")
        await seen.type(":cmdb")
        await seen.press("enter")
        await seen.shows("COUNT")
        await seen.hides("a Ack")


async def test_before_the_first_scan_nothing_is_called_well(tmp_path: Path, clock: HandClock) -> None:
    async with hub_at(tmp_path, clock=clock) as hub, console_on(tmp_path, clock=clock) as seen:
        assert "All is well" not in await seen.shows("Nothing is known yet.")
        await give(hub, ci("web", "host", name="web-1.ber"))
        await seen.shows("All is well.")


async def test_an_unknown_place_says_what_would_be_one(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.shows("INC-1")
        await seen.type(":nonsense")
        await seen.press("enter")
        await seen.shows("no such view")


async def test_a_acknowledges_and_says_who_was_first(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.shows("ack 11m")
        await seen.press("a")
        await seen.shows("INC-1 is yours", "ACK", "fix 7h")
        await seen.press("a")
        await seen.shows("acknowledged by")


async def test_a_note_goes_into_the_timeline(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.shows("ack 11m")
        await seen.press("n")
        await seen.shows("note on INC-1:")
        await seen.type("looking at it")
        await seen.press("enter")
        await seen.shows("INC-1: noted", "looking at it")


async def test_an_action_on_several_wants_their_number(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    await give(hub, incident(2, "second", "db"), incident(3, "third", "web"))
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.shows("second", "third")
        await seen.type(":incidents")
        await seen.press("enter")
        await seen.shows("incidents", "INC-3")
        await seen.press("space", "space", "a")
        await seen.shows("acknowledge INC-1, INC-2: type 2")
        await seen.press("1", "enter")
        await seen.shows("Nothing done")
        await seen.press("a", "2", "enter")
        await seen.shows("INC-1 is yours", "INC-2 is yours")
        assert "NEW" in seen.line_with("INC-3 ")


async def test_the_menu_offers_what_can_be_done_and_does_it(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.shows("ack 11m")
        await seen.press("x")
        screen = await seen.shows("Acknowledge: I have it", "Put on hold", "Resolve")
        assert "Take off hold" not in screen
        await seen.press("j", "j", "j", "enter")
        await seen.shows("why is INC-1 on hold:")
        await seen.type("waits")
        await seen.press("enter")
        await seen.shows("INC-1: on hold", "HOLD")


async def test_read_only_offers_no_action(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    async with console_on(tmp_path, clock=clock, readonly=True) as seen:
        await seen.shows("ack 11m", "read-only")
        await seen.press("a", "x")
        assert "Ack" not in seen.lines[-1]
        assert "NEW" in seen.screen


async def test_a_wrong_filter_says_what_is_wrong(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.shows("ack 11m")
        await seen.type('/"open')
        await seen.press("enter")
        await seen.shows("closing")


async def test_a_new_urgent_incident_rings(
    tmp_path: Path, hub: Hub, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[bool] = []
    async with console_on(tmp_path, clock=clock) as seen:
        monkeypatch.setattr(seen.console, "bell", lambda: rung.append(True))
        await seen.shows("ack 11m")
        await give(hub, incident(8, "not so urgent", "db", priority=3))
        await seen.shows("not so urgent")
        assert not rung
        await give(hub, incident(9, "all is lost", "db", priority=1))
        await seen.shows("New incident", "P1 INC-9 all is lost")
        assert rung == [True]


async def test_a_view_is_saved_and_come_back_to(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.shows("ack 11m")
        await seen.type(":checks sort=-since")
        await seen.press("enter")
        await seen.shows("load 0.4")
        await seen.press("b", "2", "enter")
        await seen.shows("2 leads to checks sort=-since")
        await seen.type(":triage")
        await seen.press("enter")
        await seen.hides("load 0.4")
        await seen.press("2")
        await seen.shows("load 0.4", "sort -since")


async def test_a_list_is_exported_whole(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    await give(hub, *(ci(f"h{n:03}", "host", name=f"host-{n:03}") for n in range(300)))
    target = tmp_path / "hosts.md"
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.type(":hosts")
        await seen.press("enter")
        await seen.shows("host-000")
        await seen.press("e")
        await seen.shows("export to")
        await seen.press("ctrl+u")
        await seen.type(str(target))
        await seen.press("enter")
        await seen.shows("written")
    assert len(target.read_text().splitlines()) == 304


async def test_ascii_mode_draws_nothing_else(tmp_path: Path, hub: Hub, clock: HandClock) -> None:
    async with console_on(tmp_path, clock=clock, glyphs=ASCII) as seen:
        await seen.shows("ack 11m")
        assert seen.cursor_line.startswith(">")
        # Textual's border between list and detail has no ASCII form of its own here.
        assert seen.screen.replace("│", "|").isascii()


@pytest.mark.parametrize("theme", LOOKS)
async def test_every_theme_shows_the_same_words(tmp_path: Path, hub: Hub, clock: HandClock, theme: str) -> None:
    async with console_on(tmp_path, clock=clock) as seen:
        seen.console.theme = theme
        await seen.shows("ack 11m", "NEW", "WARN")


async def test_without_colour_the_words_say_it(
    tmp_path: Path, hub: Hub, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.shows("ack 11m", "NEW", "WARN")
        strips = seen.console.screen._compositor.render_strips()
        colours = {part.style.color for strip in strips for part in strip if part.style and part.style.color}
        assert all(colour.triplet is None or len(set(colour.triplet)) == 1 for colour in colours)
