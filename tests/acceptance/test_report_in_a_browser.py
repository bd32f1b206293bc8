"""`report sla --period last-month --format html` in a real browser, and the same report on a terminal."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cmdb.hub.hub import Hub
from tests.acceptance.installation import ROOT
from tests.programs import needs
from tests.support.browser import Page, browser_at
from tests.support.hub import HandClock, check, ci, hub_at, put, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser"), pytest.mark.timeout(240)]
SERVICES = """
[[service]]
name = "shop"
title = "Web shop"
owner = "mia"
customers = ["sales"]
criticality = 1
[[service.component]]
name = "web"
select = "class=endpoint name~web"
[service.sla]
target = "99.9%"
period = "month"
consequences = "10 % credit"
penalty = 500
cost = 300
value = 4000
respond = { 1 = "15m" }
resolve = { 1 = "4h" }
stakeholders = ["leo@example.org"]

[[service]]
name = "search"
owner = "leo"
hours = "Mon-Fri 09:00-17:00"
timezone = "Europe/Madrid"
[[service.component]]
name = "index"
select = "class=endpoint name~index"
[service.sla]
target = "99%"
period = "month"
method = "checks of the index, every minute"
"""
# Of March: the day, the hour, what fails, for how many minutes.
OUTAGES = ((4, 10, "web-1", 12), (11, 9, "<index>-1", 150), (17, 22, "web-1", 41), (25, 14, "<index>-1", 30))


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    """A month of two services has passed: it is the first of April."""
    state, clock = tmp_path / "state", HandClock()
    (state / "services.d").mkdir(parents=True)
    (state / "services.d" / "services.toml").write_text(SERVICES)
    async with hub_at(state, clock=clock) as hub:
        await put(hub, ci("web-1"), ci("<index>-1"), check("web-1"), check("<index>-1"))
        await until(lambda: hub.services.state_of("search") == "up", "all is well")
        begin = clock.now().replace(day=1, hour=0)
        for day, hour, item, minutes in OUTAGES:
            service = "shop" if item == "web-1" else "search"
            clock.turn(seconds=(begin + timedelta(days=day - 1, hours=hour) - clock.now()).total_seconds())
            await _fails(hub, item, service, "critical", "down")
            clock.turn(minutes=minutes)
            await _fails(hub, item, service, "ok", "up")
        clock.turn(seconds=(begin.replace(month=4) + timedelta(hours=8) - clock.now()).total_seconds())
        yield hub


async def _fails(hub: Hub, item: str, service: str, state: str, expected: str) -> None:
    await put(hub, check(item, state=state))
    await until(lambda: hub.services.state_of(service) == expected, f"{service} is {expected}")


async def report(hub: Hub, format_: str) -> bytes:
    """What the command prints."""
    command = ("report", "sla", "--period", "last-month", "--format", format_, "--state", str(hub.locations.state))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console.main", *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said


async def test_the_report_is_a_page_that_one_would_hand_to_a_customer(hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(await report(hub, "html"))
    async with browser_at(file.as_uri(), tmp_path / "profile") as page:
        await _loaded(page)
        assert await page.evaluate("document.title") == "Service levels, March 2026"
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        text = str(await page.evaluate("document.body.innerText"))
        for words in (
            "March 2026",
            "99.8752 %",
            "shop",
            "web: web-1 down",
            "<index>-1",
            "10 % credit",
            "500 EUR",
            "Remove what breached",
        ):
            assert words in text, f"{words!r} is not in the report:\n{text}"
        drawn = "document.querySelectorAll('{}').length"
        assert await page.evaluate(drawn.format("svg polyline")) == 2
        assert await page.evaluate(drawn.format(".month b")) == 2 * 31
        assert await page.evaluate(_OVERLAPPING) == []
        assert page.asked_for == [file.as_uri()], "nothing is loaded from elsewhere"
        (tmp_path / "report.png").write_bytes(await page.picture())
    assert (tmp_path / "report.png").stat().st_size > 10_000


async def test_the_terminal_says_the_same(hub: Hub) -> None:
    evidence, text = json.loads(await report(hub, "json")), (await report(hub, "text")).decode()
    for agreement in evidence["agreements"]:
        assert agreement["name"] in text
    assert "99.8752 %" in text
    assert evidence["digest"] in text
    assert max(map(len, text.splitlines())) <= 120


async def test_the_report_is_printed(hub: Hub) -> None:
    needs("chromium")
    printed = await report(hub, "pdf")
    assert printed.startswith(b"%PDF-")
    assert len(printed) > 10_000


async def _loaded(page: Page) -> None:
    async with asyncio.timeout(60):
        while await page.evaluate("document.readyState") != "complete" or not await page.evaluate("document.title"):
            await asyncio.sleep(0.05)


# Headings, tables and figures that lie over each other.
_OVERLAPPING = """
(() => {
  const boxes = [...document.body.children].map(one => one.getBoundingClientRect());
  return boxes.slice(1).filter((box, at) => box.top < boxes[at].bottom - 1).map(box => box.top);
})()
"""
