"""`watchdeck web`: the console in a real browser, for nobody without its link."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psutil
import pytest

from tests.acceptance.installation import ROOT, WATCHDECK, Installation
from tests.support.browser import Page, browser_at
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser"), pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("web") / "state") as installation:
        installation.json("incident", "open", "--title", "Replica lags", "--impact", "1", "--urgency", "1")
        yield installation


@contextlib.contextmanager
def web(installation: Installation, *options: str) -> Iterator[tuple[str, psutil.Process]]:
    """The link that it prints and its process; ended, with every session, at the end."""
    command = [*WATCHDECK, "web", "--port", "0", "--state", str(installation.state), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            word, link = process.stdout.readline().split()
            assert word == "ready"
            yield link, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=60)
    assert process.returncode == 0
    wait_for("every session to end with it", lambda: not sessions(installation), limit_s=60)


def sessions(installation: Installation) -> list[psutil.Process]:
    return [process for process in installation.processes() if "console.web.browser" in process.cmdline()]


@contextlib.asynccontextmanager
async def opened(link: str, folder: Path) -> AsyncIterator[Page]:
    async with browser_at(link, folder / "profile") as page:
        await page.shows("triage", "INC-1", "Replica lags")
        yield page


async def test_the_same_console_is_in_a_browser(installation: Installation, tmp_path: Path) -> None:
    with web(installation) as (link, _):
        async with opened(link, tmp_path) as page:
            assert await page.painted_pixels() > 20_000
            await page.type(":agents")
            await page.press("Enter", 13)
            await page.shows("local", "LIVE")
            await page.type(":INC-1")
            await page.press("Enter", 13)
            await page.shows("opened")
            await page.press("a")
            await page.shows("INC-1 is yours")
            own = f"http://{urlsplit(link).netloc}/"
            assert all(url.startswith(own) for url in page.asked_for), page.asked_for
        wait_for("the session to end with its browser", lambda: not sessions(installation), limit_s=60)
    assert installation.json("incident", "show", "1")["state"] == "acknowledged"


async def test_q_ends_the_session_and_enter_begins_another(installation: Installation, tmp_path: Path) -> None:
    with web(installation, "--readonly") as (link, _):
        async with opened(link, tmp_path) as page:
            await page.shows("read-only")
            (first,) = sessions(installation)
            await page.press("q")
            wait_for("the session to end", lambda: not first.is_running(), limit_s=60)
            await page.press("Enter", 13)
            wait_for("another session", lambda: sessions(installation), limit_s=60)


async def test_who_has_no_link_has_no_session(installation: Installation) -> None:
    with web(installation) as (link, process):
        assert {one.laddr.ip for one in process.net_connections("inet") if one.status == "LISTEN"} == {"127.0.0.1"}
        address, token = urlsplit(link).netloc, urlsplit(link).fragment
        own = {"Origin": f"http://{address}"}
        async with aiohttp.ClientSession() as http:

            async def status(path: str, **headers: str) -> int:
                async with http.get(f"http://{address}{path}", headers=headers) as answer:
                    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
                    return answer.status

            assert await status("/") == 200
            assert await status("/", Host="watchdeck.evil.example") == 421
            assert await status("/session/guessed", **own) == 403
            assert await status(f"/session/{token}", Origin="http://evil.example") == 403
            assert await status("/page/../server.py") == 404
        assert not sessions(installation)
