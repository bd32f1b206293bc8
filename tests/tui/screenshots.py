"""`make screenshots`: pictures of every screen at both sizes, of the demo's fleet, into docs/pictures."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from checks.rollup import Rollup
from cmdb.clock import SystemClock
from cmdb.config import Config
from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.hub.main import opened, running
from cmdb.locations import Locations
from cmdb.model.kind import Kind
from cmdb.series.measured import Measured
from console.demo.installation import install
from console.demo.run import fleet
from console.settings import Settings
from console.views.place import VIEWS
from tests.tui.seen import LIMIT_S, Seen, console_on

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SIZES = ((120, 40), (80, 24))
HOSTS = 200
SEED = 1
CHANGES_A_MINUTE = 500.0
SETTLES_S = 1.0
PASSING = (" lag ", "Asking the hub", "loading")  # what a loaded machine shows for a moment
QUIET = Settings(theme="night", alarm_priority=0)  # a new incident's message would hide what the picture is of
# name → the keys that lead there from triage; `:words` are typed and entered. Every view is one by itself.
SCREENS = {aliases[0]: [f":{aliases[0]}"] for view, aliases in VIEWS.items() if view != "ci"} | {
    "triage": ["j", "j"],
    "checks": [":checks state=critical,warning"],
    "incident": ["enter"],
    "check": [":checks state=critical", "enter"],
    "service": [":services", "enter"],
    "agreement": [":sla", "enter"],
    "timeline": ["enter", "tab"],
    "trend": [":checks state=critical type=filesystem", "enter", "tab", "tab"],
    "agent": [":agents", "enter"],
    "person": [":person mia"],
    "silence": [":silences", "enter"],
    "window": [":maintenance", "enter"],
    "diff": [":hosts name=web-*", "space", "space", "d"],
    "form": ["S"],
    "hosts": [":hosts"],
    "filesystems": [":filesystems sort=-metrics.used_percent"],
    "item": [":hosts name=web-*", "enter"],
    "relations": [":hosts name=web-*", "R"],
    "map": [":map all"],
    "schedule": [":schedule operations"],
    "tree": [":endpoints", "R"],
    "help": ["question_mark"],
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
        agents = asyncio.create_task(fleet(locations.agent_socket, HOSTS, SEED, CHANGES_A_MINUTE))
        async with await HubClient.connect(locations.hub_socket) as client:
            while (await client.call("hub.status"))["counts"]["incidents"] < 12:
                await asyncio.sleep(0.5)
            await _plan(client)
        await _measure(hub)
        yield
        agents.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await agents
    await store.close()


async def _plan(client: HubClient) -> None:
    """A silence and a window, so that their lists are not empty."""
    end = datetime.now(UTC) + timedelta(hours=2)
    await client.call("silence.add", matchers=["host=cache-*"], end=end, reason="caches are being drained")
    await client.call("maintenance.add", select="class=host name=mail-0*", end=end, title="kernel of the mail hosts")


async def _measure(hub: Hub) -> None:
    """The hour before of what is in trouble: the demo has only just begun, and a trend of one minute says nothing."""
    dice, now = Random(SEED), datetime.now(UTC).replace(second=0, microsecond=0)
    measured = []
    for check in await hub.store.find(Kind.CHECK, matching=lambda one: bool(one["metrics"])):
        metric = check["metrics"][0]
        calm = dice.uniform(0.3, 0.6) * metric["value"]
        for minute in range(2, 60, 3):
            value = (
                metric["value"] if minute < 6 else calm + (metric["value"] - calm) * dice.random() * (1 - minute / 60)
            )
            rollup = Rollup(now - timedelta(minutes=minute), 1, value, value, value, value)
            measured.append(Measured(check["id"], metric["name"], metric["unit"], rollup))
    await hub.check_history.series.take("pictures", 1, (), measured)


async def picture(state: Path, keys: list[str], size: tuple[int, int]) -> str:
    """The screen that these keys lead to, as SVG that needs no font from elsewhere."""
    async with console_on(state, size=size, clock=SystemClock(), settings=QUIET) as seen:
        await seen.shows("INC-", limit_s=30)
        for key in keys:
            await _press(seen, key)
        await asyncio.sleep(SETTLES_S)
        await seen.until(lambda screen: not any(word in screen for word in PASSING), "the screen at rest", LIMIT_S)
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
        await install(Locations(state), HOSTS, SEED, SystemClock())
        async with demo_hub(state):
            for name in names or SCREENS:
                for columns, rows in SIZES:
                    target = PICTURES / f"{name}-{columns}x{rows}.svg"
                    target.write_text(await picture(state, SCREENS[name], (columns, rows)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
