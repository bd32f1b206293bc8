"""An agent that is cut off for ten minutes: its checks are unknown meanwhile, never green, and nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cmdb.config import AgentSection, Config
from cmdb.hub.hub import Hub
from cmdb.model.kind import Kind
from tests.support.agents import agent_process
from tests.support.hub import HandClock, client_of, hub_at, until
from tests.support.web_server import WebServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
LIMIT_S = 90.0


class AheadClock(HandClock):
    """The real one, and as much ahead of it as it was turned."""

    def now(self) -> datetime:
        return datetime.now(UTC) + (super().now() - self._began)

    def __init__(self) -> None:
        super().__init__()
        self._began = super().now()


class Wire:
    """A socket in front of the hub's that can be cut: then nobody gets through, and what was connected ends."""

    def __init__(self, path: Path, hub: Path) -> None:
        self.path, self._hub = path, hub
        self.cut = False
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def strung(self) -> AsyncIterator[None]:
        server = await asyncio.start_unix_server(self._join, self.path)
        try:
            yield
        finally:
            server.close()
            self.sever()

    def sever(self) -> None:
        self.cut = True
        for task in self._tasks:
            task.cancel()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.cut:
            writer.close()
            return
        hub_reader, hub_writer = await asyncio.open_unix_connection(self._hub)
        for pair in ((reader, hub_writer), (hub_reader, writer)):
            task = asyncio.create_task(_pass_on(*pair))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def looked_at(site: WebServer, times: int) -> None:
    """Wait for so many more looks."""
    wanted = len(site.answers) + times
    await until(lambda: len(site.answers) >= wanted, f"{times} more looks at the site", LIMIT_S)


@pytest.fixture
def site() -> Iterator[WebServer]:
    site = WebServer()
    yield site
    site.stop()


async def the_check(hub: Hub) -> dict[str, Any]:
    found = [dict(one) for one in await hub.store.find(Kind.CHECK) if one["id"].endswith("/site")]
    return found[0] if found else {"state": "none", "reason": None, "id": ""}


async def comes_to_be(hub: Hub, state: str, reason: str | None = None) -> None:
    async def look() -> bool:
        check = await the_check(hub)
        return (check["state"], check["reason"]) == (state, reason)

    await until(look, f"the check is {state} ({reason})", LIMIT_S)


async def test_nothing_is_lost_and_nothing_is_green_in_ten_minutes_without_a_wire(
    tmp_path: Path, site: WebServer
) -> None:
    folder = tmp_path / "hub"
    (folder / "services.d").mkdir(parents=True)
    (folder / "services.d" / "site.toml").write_text(
        f'[[check]]\nname = "site"\napply = "class=host"\ntype = "http"\nparams = {{ url = "{site.url}" }}\n'
        'interval = "0.2s"\nretry = "0.2s"\ntimeout = "30s"\nmax_attempts = 2\n'.replace('"0.2s"', "0.2")
    )
    clock = AheadClock()
    pace = AgentSection(scan_interval_s=3600, heartbeat_interval_s=0.2, silent_after_s=2)
    wire = Wire(tmp_path / "wire.sock", folder / "agent.sock")
    async with hub_at(folder, config=Config(agent=pace), clock=clock) as hub, wire.strung():
        with agent_process(tmp_path / "agent", wire.path):
            await comes_to_be(hub, "ok")
            wire.sever()
            cut_at = clock.now()
            await comes_to_be(hub, "unknown", "no_data")
            unknown_from = clock.now()
            for status in (500, 200, 500, 200):
                site.status = functools.partial(int, status)
                await looked_at(site, 4)
            clock.turn(minutes=10)
            back_at = clock.now()
            assert (await the_check(hub))["state"] == "unknown"
            wire.cut = False
            await comes_to_be(hub, "ok")
            await until(lambda: went_through(hub, cut_at, back_at), "everything of the outage, in order", LIMIT_S)
            await it_was_never_green(hub, unknown_from, back_at)


async def history(hub: Hub) -> list[dict[str, Any]]:
    """Oldest first."""
    client = await client_of(hub)
    try:
        rows: list[dict[str, Any]] = await client.call("check.history", id=(await the_check(hub))["id"])
    finally:
        await client.close()
    return rows[::-1]


async def went_through(hub: Hub, cut_at: datetime, back_at: datetime) -> bool:
    """What was found while nobody listened has come, each at the time when it was found."""
    rows = [row for row in await history(hub) if cut_at < row["at"] < back_at and row["hard"]]
    return [row["state"] for row in rows] == ["unknown", "critical", "ok", "critical", "ok"]


async def it_was_never_green(hub: Hub, moment: datetime, back_at: datetime) -> None:
    """As it was known at the time: no look into the past shows it well while nobody knew."""
    while moment < back_at:
        check = await hub.store.get(Kind.CHECK, (await the_check(hub))["id"], at=moment)
        assert check is not None
        assert (check["state"], check["reason"]) == ("unknown", "no_data"), moment
        moment += timedelta(seconds=20)
