"""What is shown, for later: the clipboard, and files only where they are those of who looks."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cmdb.hub.hub import Hub
from cmdb.locations import Locations
from console.screens import keeping
from console.ssh.visit_locations import VisitLocations
from tests.support.hub import HandClock, ci, hub_at
from tests.tui.fleet import give, small_fleet
from tests.tui.seen import Seen, console_on


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with hub_at(tmp_path, clock=HandClock()) as hub:
        await small_fleet(hub)
        yield hub


def written_to(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the terminal gets beside the frames, from now on."""
    written: list[str] = []
    driver = seen.console._driver
    assert driver is not None
    monkeypatch.setattr(driver, "write", written.append)
    return written


def copied(written: list[str]) -> list[str]:
    """What went to the clipboard by OSC 52."""
    marked = "\x1b]52;c;"
    return [base64.b64decode(one[len(marked) :].rstrip("\a")).decode() for one in written if one.startswith(marked)]


async def test_a_view_is_shared_as_one_line_and_a_record_by_its_name(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console_on(tmp_path, clock=HandClock()) as seen:
        await seen.shows("ack 11m")
        written = written_to(seen, monkeypatch)
        await seen.press("y")
        await seen.shows("INC-1 copied")
        await seen.type(":checks state!=ok sort=-since")
        await seen.press("enter")
        await seen.shows("sort -since")
        await seen.press("Y")
        await seen.shows(":checks state!=ok sort=-since copied")
        assert copied(written) == ["INC-1", ":checks state!=ok sort=-since"]


async def test_over_ssh_a_list_goes_to_the_clipboard_and_no_file_is_written(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = VisitLocations(tmp_path, Locations(tmp_path).hub_socket, "mia")
    before = sorted(tmp_path.rglob("*"))
    async with console_on(tmp_path, clock=HandClock(), locations=visit) as seen:
        await seen.type(":hosts")
        await seen.press("enter")
        await seen.shows("web-1.ber", "db-1.ber")
        written = written_to(seen, monkeypatch)
        await seen.press("e")
        await seen.shows("copy the list as (csv json md):")
        await seen.press("ctrl+u")
        await seen.type("json")
        await seen.press("enter")
        await seen.shows("2 rows copied")
        assert {row["name"] for row in json.loads(copied(written)[0])} == {"web-1.ber", "db-1.ber"}
        assert sorted(tmp_path.rglob("*")) == before


async def test_what_is_too_much_for_a_clipboard_is_said(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LARGEST_COPY_BYTES", 1000)
    await give(hub, *(ci(f"h{n:03}", "host", name=f"host-{n:03}") for n in range(300)))
    visit = VisitLocations(tmp_path, Locations(tmp_path).hub_socket, "mia")
    async with console_on(tmp_path, clock=HandClock(), locations=visit) as seen:
        await seen.type(":hosts")
        await seen.press("enter")
        await seen.shows("host-000")
        written = written_to(seen, monkeypatch)
        await seen.press("e", "enter")
        await seen.shows("too many for a terminal")
        assert copied(written) == []
