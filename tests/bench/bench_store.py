"""The store from 1,000 to 1,000,000 documents, beside stock TinyDB, plain SQLite and synchronous PostgreSQL."""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cmdb.clock import SystemClock
from cmdb.hub.ledger import Ledger
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.packed import PackedRows
from cmdb.store.protocol import Batch, Write
from cmdb.store.seal import Where, pack, seal
from tests.bench import rivals
from tests.bench.figure import Figure
from tests.bench.packages import EACH_HOST, body, package, package_id

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PROMISED_AT = 100_000
STOCK_UP_TO = 100_000  # beyond it one write of stock TinyDB's takes half a minute
FILL_BATCH = 5_000


def run() -> list[Figure]:
    figures: list[Figure] = []
    postgres_ms = rivals.postgres_upsert_ms()
    for size in SIZES:
        with tempfile.TemporaryDirectory() as directory:
            figures += asyncio.run(_figures(Path(directory), size, postgres_ms))
        print(f"{size:,} documents: done", flush=True)
    return [*figures, _memory()]


async def _figures(directory: Path, size: int, postgres_ms: float | None) -> list[Figure]:
    store = await EmbeddedStore.open(directory / "watchdeck.db")
    await _fill(store, size)
    await store.close()
    opened = time.perf_counter()
    store = await EmbeddedStore.open(directory / "watchdeck.db")
    load_s = time.perf_counter() - opened
    await _quiet(store)
    figures = [Figure(f"load {size:,}", load_s, "s", limit=5 if size == SIZES[-1] else None)]
    figures += await _upserts(store, size, postgres_ms, directory)
    await _quiet(store)
    figures += await _batches(store, size)
    await _quiet(store)
    figures += await _reads(store, size)
    figures += await _paced(store, size)
    await store.close()
    return figures


async def _quiet(store: EmbeddedStore) -> None:
    """Until the full-text index has followed, which it does beside."""
    while store.unindexed:
        await asyncio.sleep(0.05)


async def _fill(store: EmbeddedStore, size: int) -> None:
    for start in range(0, size, FILL_BATCH):
        writes = [Write(Kind.CI, package_id(n), body(n), 0) for n in range(start, min(start + FILL_BATCH, size))]
        await store.commit(Batch(tuple(writes), (), "bench", "fill", "", datetime.now(UTC)))
    # The full-text index would take a minute to follow a million; what is measured is a store that it has followed.
    await store.on_writer(lambda connection: connection.execute("UPDATE head SET indexed_seq = seq").rowcount)


async def _upserts(store: EmbeddedStore, size: int, postgres_ms: float | None, directory: Path) -> list[Figure]:
    """One CI whose version changed, through the ledger: history and audit included."""
    ledger = Ledger(store, SystemClock())
    choose = random.Random(1)

    async def upsert(revision: int) -> None:
        await ledger.commit([Put(Kind.CI, package(choose.randrange(size), revision))], actor="b", reason="r")

    alone_ms = await _median_ms(upsert, 300)
    together_ms = await _together_ms(upsert, writers=40, each=25)
    promised = size == PROMISED_AT
    what, limit = f"durable upsert at {size:,}", 0.3 if promised else None
    found = [
        Figure(
            f"{what}, 40 writers", together_ms, "ms", limit, "plain SQLite", rivals.sqlite_upsert_ms(directory, size)
        ),
        Figure(f"{what}, alone", alone_ms, "ms", None, "plain SQLite", rivals.sqlite_upsert_ms(directory, size)),
    ]
    if size <= STOCK_UP_TO:
        stock_ms = rivals.stock_upsert_ms(directory, size)
        wanted = 5000 if promised else None
        found.append(Figure(f"{what}, 40 writers", together_ms, "ms", limit, "TinyDB JSONStorage", stock_ms, wanted))
    if promised and postgres_ms is not None:
        found.append(Figure(f"{what}, 40 writers", together_ms, "ms", limit, "PostgreSQL, synchronous", postgres_ms, 2))
    return found


async def _batches(store: EmbeddedStore, size: int) -> list[Figure]:
    """A host's 300 CIs, all changed and none."""
    ledger = Ledger(store, SystemClock())
    choose = random.Random(2)
    revision = [100]

    async def commit(start: int) -> None:
        changes = [Put(Kind.CI, package(n, revision[0])) for n in range(start, min(start + EACH_HOST, size))]
        began = time.perf_counter()
        await ledger.commit(changes, actor="b", reason="r")
        spent_ms.append((time.perf_counter() - began) * 1e3)

    medians = []
    for again in (False, True):
        spent_ms: list[float] = []
        for _ in range(20):
            start = choose.randrange(max(size // EACH_HOST, 1)) * EACH_HOST
            revision[0] += 1
            await _quiet(store)
            await commit(start)
            if again:
                spent_ms.pop()
                await commit(start)
        medians.append(statistics.median(spent_ms))
    promised = size == PROMISED_AT
    return [
        Figure(f"batch of 300 at {size:,}, all changed", medians[0], "ms", 4 if promised else None),
        Figure(f"batch of 300 at {size:,}, unchanged", medians[1], "ms", 0.05 if promised else None),
    ]


async def _reads(store: EmbeddedStore, size: int) -> list[Figure]:
    choose = random.Random(3)
    ids = [package_id(choose.randrange(size)) for _ in range(1000)]
    began = time.perf_counter()
    for id_ in ids:
        await store.get(Kind.CI, id_)
    get_us = (time.perf_counter() - began) * 1e3
    spent_ms = []
    for _ in range(30):
        host = f"host-{choose.randrange(size) // EACH_HOST:05}"
        began = time.perf_counter()
        await store.find(Kind.CI, {"host": host})
        spent_ms.append((time.perf_counter() - began) * 1e3)
    return [
        Figure(f"get at {size:,}", get_us, "µs", 8),
        Figure(f"the rows of a host at {size:,}", statistics.median(spent_ms), "ms"),
    ]


async def _paced(store: EmbeddedStore, size: int) -> list[Figure]:
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
    return [
        Figure(f"commit p99 at {size:,}, 200/s", busy_ms, "ms", 5, "nothing at all", idle_ms),
        Figure(f"longest garbage collection at {size:,}", max(pauses_ms, default=0.0), "ms", 20),
    ]


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
    """How long each garbage collection within it took, and a full one at its end."""
    pauses_ms: list[float] = []
    began = [0.0]

    def note(phase: str, _: object) -> None:
        if phase == "start":
            began[0] = time.perf_counter()
        else:
            pauses_ms.append((time.perf_counter() - began[0]) * 1e3)

    gc.callbacks.append(note)
    try:
        yield pauses_ms
        gc.collect()
    finally:
        gc.callbacks.remove(note)


async def _median_ms(action: Callable[[int], Awaitable[None]], count: int) -> float:
    spent = []
    for n in range(count):
        began = time.perf_counter()
        await action(n + 1)
        spent.append((time.perf_counter() - began) * 1e3)
    return statistics.median(spent)


async def _together_ms(action: Callable[[int], Awaitable[None]], writers: int, each: int) -> float:
    """Milliseconds an operation while so many write at once."""

    async def write(writer: int) -> None:
        for n in range(each):
            await action(1000 + writer * each + n)

    began = time.perf_counter()
    await asyncio.gather(*(write(writer) for writer in range(writers)))
    return (time.perf_counter() - began) * 1e3 / (writers * each)


def _memory() -> Figure:
    """Of a packed CI with its id and three indexes; the garbage of making it is not counted."""
    count = 50_000
    with _traced() as bytes_used:
        rows = PackedRows(("class", "host", "name"))
        for n in range(count):
            rows.apply({package_id(n): seal(pack(body(n)), package_id(n), Where(n))})
        gc.collect()
        used = bytes_used()
    assert len(rows) == count
    return Figure("memory a CI with 3 indexes", used / count, "B", 800)


@contextmanager
def _traced() -> Iterator[Callable[[], int]]:
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
