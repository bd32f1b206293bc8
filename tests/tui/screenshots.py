"""`make screenshots`: pictures of every screen at both sizes, of the demo's fleet, into docs/pictures."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from cmdb.clock import SystemClock
from cmdb.config import Config
from cmdb.hub.client import HubClient
from cmdb.hub.main import opened, running
from cmdb.locations import Locations
from console.demo.run import fleet
from tests.tui.seen import Seen, console_on

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SIZES = ((120, 40), (80, 24))
HOSTS = 200
CHANGES_A_MINUTE = 500.0
SETTLES_S = 1.0
SERVICES = """
[[service]]
name = "shop"
title = "Web shop"
[[service.component]]
name = "web"
select = "class=endpoint host.name=web-*"
rule = 40
[[service.component]]
name = "database"
select = "class=host name=db-*"
rule = 12

[service.sla]
period = "30d"
target = "99.9%"
"""
# name → the keys that lead there from triage; `:words` are typed and entered.
SCREENS = {
    "triage": ["j", "j"],
    "incident": ["enter"],
    "incidents": [":incidents"],
    "checks": [":checks state=critical,warning"],
    "check": [":checks state=critical", "enter"],
    "services": [":services"],
    "service": [":services", "enter"],
    "sla": [":sla"],
    "cmdb": [":cmdb"],
    "hosts": [":hosts"],
    "filesystems": [":filesystems sort=-metrics.used_percent"],
    "item": [":hosts name=web-*", "enter"],
    "relations": [":hosts name=web-*", "R"],
    "changes": [":changes"],
    "agents": [":agents"],
    "help": ["question_mark"],
    "tree": [":endpoints", "R"],
    "palette": ["ctrl+p", "c", "h", "e"],
    "actions": ["x"],
    "past": ["t", "-", "1", "0", "s", "enter"],
}


@contextlib.asynccontextmanager
async def demo_hub(state: Path) -> AsyncIterator[None]:
    """A hub with a simulated fleet in which something has gone wrong already."""
    locations = Locations(state)
    store = await opened(locations)
    async with running(locations, Config(), SystemClock(), store) as hub:
        agents = asyncio.create_task(fleet(locations.agent_socket, HOSTS, 1, CHANGES_A_MINUTE))
        async with await HubClient.connect(locations.hub_socket) as client:
            while (await client.call("hub.status"))["counts"]["incidents"] < 12:
                await asyncio.sleep(0.5)
        yield
        agents.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await agents
        del hub
    await store.close()


async def picture(state: Path, keys: list[str], size: tuple[int, int]) -> str:
    """The screen that these keys lead to, as SVG that needs no font from elsewhere."""
    async with console_on(state, size=size, clock=SystemClock()) as seen:
        await seen.shows("INC-", limit_s=30)
        for key in keys:
            await _press(seen, key)
        await asyncio.sleep(SETTLES_S)
        await seen.pilot.pause()
        drawn = seen.console.export_screenshot(title="watchdeck")
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    return drawn.replace("Fira Code", "JetBrains Mono, DejaVu Sans Mono, Menlo")


async def _press(seen: Seen, key: str) -> None:
    if key.startswith(":") and len(key) > 1:
        await seen.type(key)
        key = "enter"
    await seen.press("minus" if key == "-" else key)
    await asyncio.sleep(SETTLES_S / 2)


async def main(names: list[str]) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        (state / "services.d").mkdir()
        (state / "services.d" / "shop.toml").write_text(SERVICES)
        async with demo_hub(state):
            for name in names or SCREENS:
                for columns, rows in SIZES:
                    target = PICTURES / f"{name}-{columns}x{rows}.svg"
                    target.write_text(await picture(state, SCREENS[name], (columns, rows)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
