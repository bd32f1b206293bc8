"""The hub under a storm of events, and its views at size: one process, one event loop, client included."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from cmdb.hub.client import HubClient
from cmdb.hub.view_sources import view_name
from cmdb.store.embedded import EmbeddedStore
from tests.bench.figure import Figure
from tests.support.hub import HandClock, ci, client_of, hub_at, put, until
from tests.support.storm import landscape, replay, settled, storm

SMALL, LARGE = 100, 100_000
BATCH = 2000


def run() -> Sequence[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        figures = list(_storm_figures(Path(folder)))
    return figures + asyncio.run(_views())


async def _views() -> list[Figure]:
    views: dict[int, tuple[float, ...]] = {}
    for size in (SMALL, LARGE):
        with tempfile.TemporaryDirectory() as folder:
            views[size] = await _view(Path(folder), size)
    names = ("open a view", "sort it in another order", "page down", "a change until it is seen")
    return [
        Figure(
            f"{name}, {LARGE:,} rows (beside {SMALL})",
            views[LARGE][at],
            "ms",
            competitor=f"{SMALL} rows",
            theirs=views[SMALL][at],
        )
        for at, name in enumerate(names)
    ]


async def _storm(folder: Path, pace: float) -> tuple[float, list[float]]:
    """The recorded storm, while a client lists incidents and a console watches them: seconds in all, each list's ms."""
    clock, events = HandClock(), storm()
    async with hub_at(folder, clock=clock, store=await EmbeddedStore.open(folder / "watchdeck.db")) as hub:
        await landscape(hub, events)
        async with await client_of(hub) as client, await client_of(hub) as console:
            await console.open_view("triage", limit=50)
            took: list[float] = []
            asking = asyncio.create_task(_ask(client, took))
            began = time.perf_counter()
            await replay(hub, clock, events, pace)
            await settled(hub, events)
            whole = time.perf_counter() - began
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
    return whole, sorted(each * 1000 for each in took)


def _storm_figures(folder: Path) -> Iterator[Figure]:
    """In a minute, in the rhythm in which it came; then as quickly as the hub takes it."""
    for pace, how in ((60_000 / storm()[-1].at_ms, "in a minute"), (0.0, "as quickly as the hub takes it")):
        (folder / how).mkdir()
        whole, took_ms = asyncio.run(_storm(folder / how, pace))
        p50_ms, p99_ms = took_ms[len(took_ms) // 2], took_ms[int(len(took_ms) * 0.99)]
        print(f"storm {how}: {whole:.1f} s, {len(took_ms)} lists, p50 {p50_ms:.0f} ms, worst {took_ms[-1]:.0f} ms")
        if not pace:
            yield Figure("10,000 events to their incidents", whole, "s", limit=60.0)
        yield Figure(f"incident list p99, storm {how}", p99_ms, "ms", limit=100.0)


async def _ask(client: HubClient, took: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await client.call("incident.list")
        took.append(time.perf_counter() - began)
        await asyncio.sleep(0.01)


async def _view(folder: Path, size: int) -> tuple[float, ...]:
    """Milliseconds to open a view of so many rows, to sort it anew, to page down in it, and until a change is seen."""
    async with hub_at(folder, store=await EmbeddedStore.open(folder / "watchdeck.db")) as hub:
        for start in range(0, size, BATCH):
            await put(hub, *(ci(f"ci-{number:06}") for number in range(start, min(size, start + BATCH))))
        await until(lambda: hub.census.cis == size, "the census has all", limit_s=60)
        async with await client_of(hub) as client:
            args = {"class": "endpoint"}
            await until(lambda: view_name("ci", args) in hub.feed.kept, "the view is kept ready", limit_s=60)
            began = time.perf_counter()
            view = await client.open_view("ci", args=args, limit=50)
            opened = time.perf_counter() - began
            began = time.perf_counter()
            await view.move(sort="-name")
            sorted_anew = time.perf_counter() - began
            await view.move(sort="")
            began = time.perf_counter()
            for page in range(1, 21):
                await view.move(offset=min(page * 50, size - 50))
            paged = (time.perf_counter() - began) / 20
            await view.move(offset=0)
            changes = aiter(view)
            seen: list[float] = []
            for number in range(10):
                await asyncio.sleep(0.12)  # the feed tells ten times a second: be there between two
                began = time.perf_counter()
                await put(hub, ci(f"ci-{number:06}", attributes={"round": number + 1}))
                await anext(changes)
                seen.append(time.perf_counter() - began)
            return opened * 1000, sorted_anew * 1000, paged * 1000, sorted(seen)[len(seen) // 2] * 1000
