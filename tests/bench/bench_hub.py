"""The hub under a storm of events, and its views at size: one process, one event loop, client included."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.model.check import CheckRecord
from cmdb.store.embedded import EmbeddedStore
from tests.bench.figure import Figure
from tests.support.hub import HandClock, check, ci, client_of, hub_at, put, relation, until

HOSTS, CHECKS_OF_EACH = 100, 100
SMALL, LARGE = 100, 100_000
BATCH = 2000


def run() -> Sequence[Figure]:
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        storm = await _storm(Path(folder))
    views: dict[int, tuple[float, float, float]] = {}
    for size in (SMALL, LARGE):
        with tempfile.TemporaryDirectory() as folder:
            views[size] = await _view(Path(folder), size)
    names = ("open a view", "page down", "a change until it is seen")
    return storm + [
        Figure(
            f"{name}, {LARGE:,} rows (beside {SMALL})",
            views[LARGE][at],
            "ms",
            competitor=f"{SMALL} rows",
            theirs=views[SMALL][at],
        )
        for at, name in enumerate(names)
    ]


async def _storm(folder: Path) -> list[Figure]:
    """10,000 checks of 100 hosts go bad in random batches, their switch last; a client lists incidents meanwhile."""
    clock = HandClock()
    async with hub_at(folder, clock=clock, store=await EmbeddedStore.open(folder / "watchdeck.db")) as hub:
        hosts = [f"h{number}" for number in range(HOSTS)]
        await put(hub, ci("switch", "host", host="switch"), *(ci(host, "host", host=host) for host in hosts))
        await put(hub, *(relation(host, "depends_on", "switch") for host in hosts), check("switch", "icmp"))
        names = [(host, f"tcp-{number}") for number in range(CHECKS_OF_EACH) for host in hosts]
        await put(hub, *(check(host, name) for host, name in names))
        async with await client_of(hub) as client:
            took: list[float] = []
            asking = asyncio.create_task(_ask(client, took))
            began = time.perf_counter()
            for start in range(0, len(names), 50):
                await put(hub, *(_bad(host, name, clock) for host, name in names[start : start + 50]))
                await asyncio.sleep(0)
            await put(hub, check("switch", "icmp", "critical", since=clock.now()))
            await until(lambda: _is_one(hub, len(names) + 1), "one incident of everything", limit_s=120)
            whole = time.perf_counter() - began
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
    p99 = sorted(took)[int(len(took) * 0.99)] * 1000
    p50 = sorted(took)[len(took) // 2] * 1000
    print(f"{len(took)} lists while {len(names):,} events came in {whole:.1f} s, p50 {p50:.0f} ms: one incident")
    return [
        Figure("10,000 events to one incident", whole, "s", limit=60.0),
        Figure("incident list p99 in the storm", p99, "ms", limit=100.0),
    ]


def _bad(host: str, name: str, clock: HandClock) -> CheckRecord:
    return msgspec.structs.replace(check(host, name, "critical", since=clock.now()), type="tcp")


def _is_one(hub: Hub, effects: int) -> bool:
    return len(hub.book) == 1 and sum(len(one.effects) for one in hub.book) == effects


async def _ask(client: HubClient, took: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await client.call("incident.list")
        took.append(time.perf_counter() - began)
        await asyncio.sleep(0.01)


async def _view(folder: Path, size: int) -> tuple[float, float, float]:
    """Milliseconds to open a view of so many rows anew, to page down in it, and until a change is seen."""
    async with hub_at(folder, store=await EmbeddedStore.open(folder / "watchdeck.db")) as hub:
        for start in range(0, size, BATCH):
            await put(hub, *(ci(f"ci-{number:06}") for number in range(start, min(size, start + BATCH))))
        await until(lambda: hub.census.cis == size, "the census has all", limit_s=60)
        async with await client_of(hub) as client:
            began = time.perf_counter()
            view = await client.open_view("ci", sort="name", limit=50)
            opened = time.perf_counter() - began
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
            return opened * 1000, paged * 1000, sorted(seen)[len(seen) // 2] * 1000
