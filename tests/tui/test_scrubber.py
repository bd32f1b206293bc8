"""The strip of time: what changed when, where one is, and the way to another moment by pointing at it."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

import pytest

from console.views.glyphs import ASCII, UNICODE, Glyphs
from console.views.ink import plain
from console.views.moment import Moment
from console.views.scrubber import Scrubber, span_back_to
from tests.support.hub import START, HandClock, ci, hub_at
from tests.tui.fleet import give, small_fleet
from tests.tui.seen import console_on

HOUR = timedelta(hours=1)


def strip(**known: object) -> Scrubber:
    return Scrubber(START - HOUR, START, START - HOUR / 2, **known)  # type: ignore[arg-type]


def test_it_is_higher_where_more_changed_and_says_where_nobody_counted() -> None:
    changes = [START - timedelta(minutes=1)] * 9 + [START - timedelta(minutes=10)]
    whole = plain(strip(changes=changes, known_from=START - HOUR / 2).line(78, Moment(START, UNICODE, UTC)))
    assert whole.startswith("    11:00:00 ")
    signs = whole.removesuffix(" now")[13:]
    assert signs == "·" * 30 + "┃" + "▁" * 19 + "▂" + "▁" * 8 + "█"  # a minute a sign


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("cells", [10, 60, 80, 120])
def test_it_has_a_sign_for_each_stretch_and_pointing_at_it_leads_there(glyphs: Glyphs, cells: int) -> None:
    scrubber = strip(known_from=START - HOUR)
    assert len(plain(scrubber.line(cells, Moment(START, glyphs, UTC)))) <= max(cells, 18)
    assert scrubber.start < scrubber.moment_at(0, cells) <= scrubber.moment_at(cells, cells) < scrubber.end


def test_it_is_as_long_as_the_moment_needs() -> None:
    assert span_back_to(START - HOUR / 2, START) == HOUR
    assert span_back_to(START - 2 * HOUR, START) == 6 * HOUR
    assert span_back_to(START - timedelta(days=100), START) == timedelta(days=110)


@pytest.mark.slow
async def test_a_click_on_the_strip_looks_at_that_moment(tmp_path: Path) -> None:
    clock = HandClock()
    async with hub_at(tmp_path, clock=clock) as hub:
        await small_fleet(hub)
        clock.turn(hours=2)
        await give(hub, ci("new", "host", host="new", name="newcomer"))
        clock.turn(hours=2)
        async with console_on(tmp_path, clock=clock, home="ci") as seen:
            await seen.shows("newcomer")
            await seen.press("t")
            await seen.type("-1h")
            await seen.press("enter")
            await seen.shows("as of", "┃", " now", "█")
            await seen.pilot.click("#scrubber", offset=(60, 0))
            await seen.hides("newcomer")
            await seen.shows("web-1.ber", "┃")
            await seen.press("escape")
            await seen.shows("newcomer")
            await seen.hides("┃")
