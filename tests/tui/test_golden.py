"""Whole screens against what they were when somebody last looked at them and found them good.

`WATCHDECK_GOLDEN=write` writes them anew; the difference is for the reviewer's eyes.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest

from cmdb.config import Config, HubSection
from cmdb.model.incident import Suspect, TimelineEntry
from tests.integration.test_oncall_verbs import FILE as ON_CALL
from tests.support.hub import START, HandClock, check, ci, client_of, hub_at, until
from tests.tui.fleet import give, incident, small_fleet
from tests.tui.seen import console_on
from tests.tui.test_every_screen import SERVICES

GOLDEN = Path(__file__).parent / "golden"
GOOD_WITHIN_S = 20.0
SIZES = [(120, 40), (80, 24)]
# name → words to go to, keys from there, and what the screen says when it is there.
SCREENS = {
    "triage": (":triage", [], "INC-2"),
    "incident": ("INC-2", [], "respond"),
    "timeline": ("INC-2", ["tab"], "looking"),
    "checks": (":checks sort=state", [], "load 0.4"),
    "check": (":checks filesystem", ["enter"], "every"),
    "services": (":services", [], "this-host"),
    "cmdb": (":cmdb", [], "network interfaces"),
    "hosts": (":hosts", [], "web-1.ber"),
    "item": ("ci web", [], "known for"),
    "relations": ("ci web", ["tab", "tab"], "No relation"),
    "tree": ("ci web-var", ["R"], "web-1.ber"),
    "agents": (":agents", [], "SECTIONS"),
    "sla": (":sla", [], "shop"),
    "days": (":days", [], "MISSED"),
    "agreement": (":agreement shop", [], "A breach costs"),
    "terms": (":agreement shop", ["tab", "tab"], "penalty"),
    "service": (":service shop", [], "Components"),
    "map": (":map", [], "map of all services"),
    "oncall": (":oncall", [], "GAPS"),
    "schedule": (":schedule ops", [], "The next 14 days"),
    "roster": (":roster", [], "mia"),
    "silences": (":silences", [], "known"),
    "maintenance": (":maintenance", [], "new disk"),
    "changes": (":changes", [], "came"),
    "diff": (":diff web-1.ber db-1.ber", [], "against"),
    "past": (":triage", ["less_than_sign"], "Nothing was here then"),
    "form": (":agreement shop", ["x", "E"], "Terms of"),
    "help": (":triage", ["question_mark"], "next row"),
    "actions": ("INC-2", ["x"], "Put on hold"),
}


@pytest.fixture(autouse=True)
def greenwich(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of the day are shown in the machine's zone."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


async def _screen(state: Path, clock: HandClock, size: tuple[int, int], name: str, good: str | None) -> str:
    """The screen as soon as it is the good one, else as it is at last: a late tick or answer shows for a moment."""
    words, keys, shown = SCREENS[name]
    async with console_on(state, size=size, clock=clock) as seen:
        await seen.shows("INC-2", *(("on call mia",) if size[0] >= 120 else ()))
        await seen.type(words if words.startswith(":") else f":{words}")
        await seen.press("enter")
        await seen.settled(0.3)
        await seen.press(*keys)
        await seen.shows(shown)
        if good is None:
            await seen.settled()
        else:
            with contextlib.suppress(AssertionError):
                await seen.until(lambda screen: _masked(screen) == good, "the good screen", GOOD_WITHIN_S)
        return _masked(seen.screen)


def _masked(screen: str) -> str:
    """What no two runs have alike."""
    for pattern, alike in (
        (r"link \d+ms", "link 1ms"),
        (r"data \d+s", "data 0s"),
        (r"(silence|maintenance)-[0-9a-f]{8}", r"\1-00000000"),
    ):
        screen = re.sub(pattern, alike, screen)
    return screen + "\n"


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCREENS)
async def test_a_screen_is_as_it_was_found_good(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    clock = HandClock()
    golden = GOLDEN / f"{name}-{size[0]}x{size[1]}.txt"
    good = None if os.environ.get("WATCHDECK_GOLDEN") == "write" else golden.read_text(encoding="utf-8")
    (tmp_path / "oncall.toml").write_text(ON_CALL)
    (tmp_path / "services.d").mkdir()
    (tmp_path / "services.d" / "shop.toml").write_text(SERVICES)
    async with hub_at(tmp_path, clock=clock, config=Config(hub=HubSection(name="golden"))) as hub:
        await small_fleet(hub)
        await give(
            hub,
            ci("web-eth", "interface", host="web", name="eth0", attributes={"mac": "02:00:00:00:00:01", "mtu": 1500}),
            check("web-eth", "errors", "unknown", output="could not look", since=START - timedelta(minutes=70)),
            incident(
                2,
                "replica lag 94 s",
                "db",
                priority=1,
                state="acknowledged",
                acknowledged_at=START - timedelta(minutes=2),
                acknowledged_by="mia",
                services=("shop",),
                suspects=(Suspect(at=START - timedelta(minutes=9), ci="db", what="package postgresql-15 15.5 → 15.6"),),
                timeline=(
                    TimelineEntry(
                        at=START - timedelta(minutes=4), who="hub", what="opened", text="critical after 3 tries"
                    ),
                    TimelineEntry(at=START - timedelta(minutes=2), who="mia", what="acknowledged"),
                    TimelineEntry(
                        at=START - timedelta(minutes=1), who="mia", what="note", text="looking at replication"
                    ),
                ),
            ),
        )
        await until(lambda: bool(hub.roster.directory.schedules), "the hub has read who is on call")
        async with await client_of(hub) as client:
            end = START + timedelta(hours=3)
            await client.call("silence.add", matchers=["host=web-1.ber"], end=end, reason="known")
            await client.call("maintenance.add", select="class=host name=db-1.ber", end=end, title="new disk")
        screen = await _screen(tmp_path, clock, size, name, good)
    if good is None:
        golden.write_text(screen, encoding="utf-8")
    else:
        assert screen == good
