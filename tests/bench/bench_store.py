"""The store from 1,000 to 1,000,000 documents, beside stock TinyDB, plain SQLite and synchronous PostgreSQL.

Times are by the clock. Where it says CPU, they are of this process's CPU, its writing thread included.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from agent.wire import Offer, SectionOutcome
from cmdb.clock import SystemClock
from cmdb.hub.draft import Draft
from cmdb.hub.ledger import Ledger
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.packed import PackedRows
from cmdb.store.protocol import Batch, Write
from cmdb.store.seal import pack, seal
from tests.bench.figure import Figure, Spent
from tests.bench.packages import EACH_HOST, body, host_of, package, package_id
from tests.bench.rivals import PlainSqlite, SameRows, StockTinyDB, median_of, postgres_upsert_ms
from tests.support.fleet import Fleet

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PROMISED_AT = 100_000
STOCK_UP_TO = 100_000  # beyond it one write of stock TinyDB's takes half a minute
FILL_BATCH = 5_000
WRITERS = 40
DURABLE = f"durable upsert, {WRITERS} writers"
BATCH = "batch of 300, all changed"
Rivals = dict[str, dict[str, float]]  # what → competitor → milliseconds


def run() -> list[Figure]:
    figures: list[Figure] = []
    postgres_ms = postgres_upsert_ms((1, WRITERS))
    for size in SIZES:
        with tempfile.TemporaryDirectory() as directory:
            rivals = _rivals(Path(directory), size)
            if size == PROMISED_AT:
                for (what, clients), ms in postgres_ms.items():
                    ours = DURABLE if clients == WRITERS else "durable upsert, alone"
                    _beside(rivals, ours, f"PostgreSQL x{clients}, {what}", ms)
            figures += asyncio.run(_figures(Path(directory), size, rivals))
        print(f"{size:,} documents: done", flush=True)
    return [*figures, _memory()]


def _rivals(directory: Path, size: int) -> Rivals:
    found: Rivals = {}
    for rival, most in ((StockTinyDB, STOCK_UP_TO), (PlainSqlite, SIZES[-1])):
        if size > most:
            continue
        times = 3 if rival is StockTinyDB and size >= PROMISED_AT else 30
        with closing(rival(directory, size)) as one:
            _beside(found, "load", rival.name, median_of(lambda _: one.load(), 1).wall_s * 1e3)
            upsert_ms = median_of(one.upsert, times).wall_s * 1e3
            _beside(found, "durable upsert, alone", rival.name, upsert_ms)
            _beside(found, DURABLE, rival.name, upsert_ms)
            _beside(found, BATCH, rival.name, median_of(one.batch, times).wall_s * 1e3)
            _beside(found, "get", rival.name, median_of(one.get, times).wall_s * 1e3)
            _beside(found, "the rows of a host", rival.name, median_of(one.host, times).wall_s * 1e3)
    with closing(SameRows(directory, size)) as floor:
        batches = [floor.rows(host_of(n * 7919, size), n + 1) for n in range(30)]
        took = median_of(lambda n: floor.write(batches[n]), len(batches))
        _beside(found, BATCH, floor.name, took.wall_s * 1e3)
        _beside(found, f"{BATCH}, CPU", floor.name, took.cpu_s * 1e3)
    return found


def _beside(rivals: Rivals, what: str, name: str, ms: float | None) -> None:
    if ms is not None:
        rivals.setdefault(what, {})[name] = ms


async def _figures(directory: Path, size: int, rivals: Rivals) -> list[Figure]:
    store = await EmbeddedStore.open(directory / "watchdeck.db")
    await _fill(store, size)
    await store.close()
    gc.collect()
    began, began_cpu = time.perf_counter(), time.process_time()
    store = await EmbeddedStore.open(directory / "watchdeck.db")
    load = Spent(time.perf_counter() - began, time.process_time() - began_cpu)
    report = _Report(size, rivals)
    report.add("load", load.wall_s * 1e3, limit=5000 if size == SIZES[-1] else None)
    report.add("load, CPU", load.cpu_s * 1e3)
    for measure in (_upserts, _batches, _reads, _paced):
        await _settled(store)
        await measure(store, size, report)
    await store.close()
    return report.figures


class _Report:
    """Gathers figures of one size, each beside every competitor that does the same."""

    def __init__(self, size: int, rivals: Rivals) -> None:
        self.figures: list[Figure] = []
        self._size, self._rivals = size, rivals
        self._wanted = {"TinyDB JSONStorage": 5000.0, f"PostgreSQL x{WRITERS}, past, history and audit too": 2.0}

    def add(self, what: str, ours: float, unit: str = "ms", limit: float | None = None) -> None:
        """`limit` and the ratios wanted hold at the size that they are promised at."""
        titled = f"{what} at {self._size:,}"
        promised = self._size == PROMISED_AT
        beside = self._rivals.get(what, {})
        if not beside:
            self.figures.append(Figure(titled, ours, unit, limit))
        for name, theirs_ms in beside.items():
            theirs = theirs_ms * 1e3 if unit == "µs" else theirs_ms
            wanted = self._wanted.get(name) if promised and what == DURABLE else None
            self.figures.append(Figure(titled, ours, unit, limit, name, theirs, wanted))

    def promised(self, limit: float) -> float | None:
        """This limit, at the size that it is promised at."""
        return limit if self._size == PROMISED_AT else None


async def _quiet(store: EmbeddedStore) -> None:
    """Until the full-text index has followed, which it does beside."""
    while store.unindexed:
        await asyncio.sleep(0.05)


async def _settled(store: EmbeddedStore) -> None:
    """Nor is anything left to be written to the disk of what was measured before: a sync waits for the disk's queue."""
    await _quiet(store)
    await asyncio.to_thread(os.sync)


async def _fill(store: EmbeddedStore, size: int) -> None:
    for start in range(0, size, FILL_BATCH):
        writes = [Write(Kind.CI, package_id(n), body(n), 0) for n in range(start, min(start + FILL_BATCH, size))]
        await store.commit(Batch(tuple(writes), (), "bench", "fill", "", datetime.now(UTC)))
    # The full-text index would take a minute to follow a million; what is measured is a store that it has followed.
    await store.on_writer(lambda connection: connection.execute("UPDATE head SET indexed_seq = seq").rowcount)


async def _upserts(store: EmbeddedStore, size: int, report: _Report) -> None:
    """One CI whose version changed, through the ledger: history and audit included."""
    ledger = Ledger(store, SystemClock())
    choose = random.Random(1)

    async def upsert(revision: int) -> None:
        await ledger.commit([Put(Kind.CI, package(choose.randrange(size), revision))], actor="b", reason="r")

    report.add("durable upsert, alone", (await _median(upsert, 300)).wall_s * 1e3)
    report.add(DURABLE, await _together_ms(upsert, each=25), limit=report.promised(0.3))


async def _batches(store: EmbeddedStore, size: int, report: _Report) -> None:
    """A host's 300 CIs: all changed, as the batch that the ledger gives to the store (without history), and as the
    changes that are given to the ledger; then told again."""
    ledger = Ledger(store, SystemClock())
    told: list[Put] = []

    async def tell() -> None:
        await ledger.commit(told, actor="b", reason="r")

    stored, compared, again = [], [], []
    for revision in range(101, 121):
        numbers = host_of(revision * 7919, size)
        batch = await _compared(store, [Put(Kind.CI, package(n, revision)) for n in numbers])
        told[:] = [Put(Kind.CI, package(n, revision + 1000)) for n in numbers]
        await _quiet(store)
        stored.append(await _spent(store.commit(batch)))
        await _quiet(store)
        compared.append(await _spent(tell()))
        told[:] = [Put(Kind.CI, package(n, revision + 1000)) for n in numbers]
        await _quiet(store)
        again.append(await _spent(tell()))
    report.add(BATCH, _wall_ms(stored), limit=report.promised(4))
    report.add(f"{BATCH}, CPU", _cpu_ms(stored))
    report.add(f"{BATCH}, compared and with its history", _wall_ms(compared))
    report.add(f"{BATCH}, compared and with its history, CPU", _cpu_ms(compared))
    report.add("batch of 300, nothing changed, each compared, CPU", _cpu_ms(again))
    report.add("batch of 300, unchanged by its digest", await _digest_ms(store), limit=report.promised(0.05))


async def _compared(store: EmbeddedStore, changes: list[Put]) -> Batch:
    keys = [(change.kind, change.id) for change in changes]
    draft = Draft(dict(zip(keys, await store.bodies(keys), strict=True)))
    for key, change in zip(keys, changes, strict=True):
        draft.add(key, change)
    return Batch(tuple(draft.writes), (), "b", "r", "", datetime.now(UTC))


async def _digest_ms(store: EmbeddedStore) -> float:
    """As an agent offers it: the hub asks its record for the digest, and wants nothing."""
    fleet = Fleet(store)
    known = AgentRecord(id="a", name="a", sections={"package": {"outcome": "ok", "digest": "d", "items": EACH_HOST}})
    await fleet.ledger.commit([Put(Kind.AGENT, known)], actor="b", reason="r")
    offer = Offer(1, datetime.now(UTC), (SectionOutcome("package", "ok", items=EACH_HOST, digest="d"),))

    async def want(_: int) -> None:
        assert not (await fleet.ingest.want("a", offer)).sections

    return (await _median(want, 300)).wall_s * 1e3


async def _reads(store: EmbeddedStore, size: int, report: _Report) -> None:
    choose = random.Random(3)
    ids = [package_id(choose.randrange(size)) for _ in range(1000)]
    began = time.perf_counter()
    for id_ in ids:
        await store.get(Kind.CI, id_)
    report.add("get", (time.perf_counter() - began) * 1e3, "µs", 8)

    async def host(n: int) -> None:
        assert await store.find(Kind.CI, {"host": f"host-{n * 7919 % max(1, size // EACH_HOST):05}"})

    report.add("the rows of a host", (await _median(host, 30)).wall_s * 1e3)


async def _paced(store: EmbeddedStore, size: int, report: _Report) -> None:
    """Two hundred commits a second for five seconds, each when its time has come: how long each waits.

    Beside them the same pace with nothing to do, which says how late this machine is anyway.
    """
    choose = random.Random(4)

    async def commit(n: int) -> None:
        index = choose.randrange(size)
        write = Write(Kind.CI, package_id(index), body(index, n))
        await store.commit(Batch((write,), (), "bench", "pace", "", datetime.now(UTC)))

    async def nothing(_: int) -> None:
        pass

    idle_ms = await _p99_ms(nothing)
    with _collections() as pauses_ms:
        busy_ms = await _p99_ms(commit)
    what = f"commit p99 at {size:,}, 200/s"
    report.figures.append(Figure(what, busy_ms, "ms", 5, "nothing at all", idle_ms))
    report.add("longest garbage collection, CPU", max(pauses_ms, default=0.0), limit=20)


async def _p99_ms(action: Callable[[int], Awaitable[None]]) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time() + 0.1
    spent_ms: list[float] = []

    async def act(n: int) -> None:
        due = began + n / 200
        await asyncio.sleep(due - loop.time())
        await action(n)
        spent_ms.append((loop.time() - due) * 1e3)

    await asyncio.gather(*(act(n) for n in range(1000)))
    return statistics.quantiles(spent_ms, n=100)[98]


@contextmanager
def _collections() -> Iterator[list[float]]:
    """How much CPU each garbage collection within it took, and a full one at its end."""
    pauses_ms: list[float] = []
    began = [0.0]

    def note(phase: str, _: object) -> None:
        if phase == "start":
            began[0] = time.thread_time()
        else:
            pauses_ms.append((time.thread_time() - began[0]) * 1e3)

    gc.callbacks.append(note)
    try:
        yield pauses_ms
        gc.collect()
    finally:
        gc.callbacks.remove(note)


async def _spent(work: Awaitable[object]) -> Spent:
    began, began_cpu = time.perf_counter(), time.process_time()
    await work
    return Spent(time.perf_counter() - began, time.process_time() - began_cpu)


async def _median(action: Callable[[int], Awaitable[None]], count: int) -> Spent:
    each = [await _spent(action(n + 1)) for n in range(count)]
    return Spent(statistics.median(one.wall_s for one in each), statistics.median(one.cpu_s for one in each))


def _wall_ms(each: list[Spent]) -> float:
    return statistics.median(one.wall_s for one in each) * 1e3


def _cpu_ms(each: list[Spent]) -> float:
    return statistics.median(one.cpu_s for one in each) * 1e3


async def _together_ms(action: Callable[[int], Awaitable[None]], each: int) -> float:
    """Milliseconds an operation while so many write at once."""

    async def write(writer: int) -> None:
        for n in range(each):
            await action(1000 + writer * each + n)

    began = time.perf_counter()
    await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
    return (time.perf_counter() - began) * 1e3 / (WRITERS * each)


def _memory() -> Figure:
    """Of a packed CI with its id and three indexes, beside the dictionaries that stock TinyDB holds in memory."""
    count = 50_000
    with _traced() as bytes_used:
        rows = PackedRows(("class", "host", "name"))
        for n in range(count):
            rows.apply({package_id(n): seal(pack(body(n)), package_id(n), n)})
        gc.collect()
        used = bytes_used()
    assert len(rows) == count
    with _traced() as bytes_used:
        documents = {str(n): body(n) for n in range(count)}
        gc.collect()
        theirs = bytes_used()
    assert len(documents) == count
    name = "TinyDB MemoryStorage, no index"
    return Figure("memory a CI with 3 indexes", used / count, "B", 800, name, theirs / count)


@contextmanager
def _traced() -> Iterator[Callable[[], int]]:
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
