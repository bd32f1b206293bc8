"""Looking at a moment of the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.past import when
from tests.support.hub import START, HandClock, check, ci, hub_at
from tests.tui.fleet import agent, give, small_fleet
from tests.tui.seen import console_on


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("-2h", START - timedelta(hours=2)),
        ("11:30", datetime(2026, 3, 2, 11, 30, tzinfo=UTC)),
        ("14:00", datetime(2026, 3, 1, 14, 0, tzinfo=UTC)),
        ("2026-03-01T08:00", datetime(2026, 3, 1, 8, 0, tzinfo=UTC)),
        ("2026-02-28", datetime(2026, 2, 28, tzinfo=UTC)),
        ("2027-01-01", None),
        ("+1h", None),
        ("noon", None),
        ("99:99", None),
    ],
)
def test_a_moment_of_the_past_is_meant_by_words(words: str, moment: datetime | None) -> None:
    assert when(words, START, UTC) == moment


async def test_t_shows_lists_as_they_were_and_changes_nothing_there(tmp_path: Path) -> None:
    clock = HandClock()
    async with hub_at(tmp_path, clock=clock) as hub:
        await small_fleet(hub)
        clock.turn(hours=1)
        newcomer = ci("new", "host", host="new", name="newcomer"), agent("newcomer", host="new")
        await give(hub, *newcomer, check("new", "load", "critical", output="too much"))
        async with console_on(tmp_path, clock=clock) as seen:
            await seen.shows("too much")
            await seen.press("t")
            await seen.type("-30m")
            await seen.press("enter")
            await seen.shows("as of", "INC-1", "/var 85% used")
            await seen.hides("too much")
            assert "Ack" not in seen.lines[-1]
            await seen.type(":hosts")
            await seen.press("enter")
            await seen.shows("web-1.ber")
            assert "newcomer" not in seen.screen
            await seen.press("t", "enter")
            await seen.shows("newcomer")
            await seen.hides("as of")
