"""What a report of 300 items costs the hub in CPU: recognised, reconciled, committed to the embedded store."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

import msgspec

from agent.wire import Item, SectionOutcome
from cmdb.hub.intake import Scanned, ScannedSection
from cmdb.model.ci import ConfigurationItem
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.seal import pack
from tests.bench.figure import Figure
from tests.bench.packages import package
from tests.bench.rivals import SameRows, median_of
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
        full_ms = await _cpu_ms(fleet, lambda _: _full(0, 0))
        changed_ms = await _cpu_ms(fleet, _differences)
        return [
            Figure("report of 300, unchanged by digest", await _cpu_ms(fleet, _unchanged), "ms", 0.15),
            Figure(
                "report of 300 in full, nothing changed", full_ms, "ms", 1.0, "msgspec, reading as much", _read_ms()
            ),
            Figure("report of 300, the 3 that changed", changed_ms, "ms", 0.3, SameRows.name, _written_ms(folder)),
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


def _read_ms() -> float:
    """As many items and relations as such a report is compared with, decoded and nothing else."""
    packed = [pack(package(number)) for number in range(2 * ITEMS)]
    decode = msgspec.msgpack.Decoder(ConfigurationItem).decode
    return median_of(lambda _: [decode(one) for one in packed], TIMES).cpu_s * 1e3


def _written_ms(folder: Path) -> float:
    """Three items and their agent's record, made durable by SQLite alone."""
    with closing(SameRows(folder, 1000)) as floor:
        batches = [floor.rows(range(4), run) for run in range(1, TIMES + 1)]
        return median_of(lambda n: floor.write(batches[n]), TIMES).cpu_s * 1e3


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
