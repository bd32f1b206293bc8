"""What a report of 300 items costs the hub in CPU: recognised, reconciled, committed to the embedded store."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from agent.wire import Item, SectionOutcome
from cmdb.hub.intake import Scanned, ScannedSection
from cmdb.store.embedded import EmbeddedStore
from tests.bench.figure import Figure
from tests.support.fleet import KEYS, Fleet

ITEMS = 300
TIMES = 25
Sections = Callable[[int], list[ScannedSection]]


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_figures(Path(folder)))


async def _figures(folder: Path) -> list[Figure]:
    store = await EmbeddedStore.open(folder / "cmdb.db")
    try:
        fleet = Fleet(store)
        await fleet.report("a", *(_item(number, 0) for number in range(ITEMS)))
        gc.collect()
        gc.freeze()
        return [
            Figure("report of 300, unchanged by digest", await _cpu_ms(fleet, _unchanged), "ms", 0.15),
            Figure("report of 300 in full, nothing changed", await _cpu_ms(fleet, lambda _: _full(0, 0)), "ms", 1.0),
            Figure("report of 300, the 3 that changed", await _cpu_ms(fleet, _differences), "ms", 0.3),
            Figure("report of 300 in full, 3 changed", await _cpu_ms(fleet, lambda run: _full(run, 3)), "ms", 1.3),
        ]
    finally:
        await store.close()


async def _cpu_ms(fleet: Fleet, sections: Sections) -> float:
    """The median of this process's CPU, its writing thread included."""
    spent = []
    for run in range(1, TIMES + 1):
        scanned = Scanned(fleet.clock.now(), 0.1, sections(run))
        began = time.process_time()
        await fleet.ingest.report("a", scanned)
        spent.append((time.process_time() - began) * 1e3)
    return median(spent)


def _unchanged(_run: int) -> list[ScannedSection]:
    return [
        ScannedSection(SectionOutcome(name, "ok"), None) for name in ("host", "filesystem", "virtual_machine", "os")
    ]


def _differences(run: int) -> list[ScannedSection]:
    items = [_item(number, run) for number in range(3)]
    sections = _unchanged(run)
    sections[1] = ScannedSection(SectionOutcome("filesystem", "ok", digest=str(run)), items, gone=[])
    return sections


def _full(run: int, changed: int) -> list[ScannedSection]:
    items = [_item(number, run if number < changed else 0) for number in range(ITEMS)]
    host = Item("host", "host", "web-1", keys={**KEYS})
    return [
        ScannedSection(SectionOutcome("host", "ok"), [host]),
        ScannedSection(SectionOutcome("filesystem", "ok", digest=str(run)), items),
    ]


def _item(number: int, run: int) -> Item:
    return Item(
        "filesystem",
        f"/srv/{number}",
        f"/srv/{number}",
        {"type": "ext4", "size_bytes": 10**9 + run, "options": "rw,relatime", "device": f"/dev/sd{number}"},
        {"used_bytes": 10**8},
        relations=(("part_of", "host", "host"),),
    )
