"""A process that writes to a store until it is killed: each line of its output is one acknowledged write."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.protocol import Batch, Committed, Difference, StoreFull, Write

WRITERS = 40
RECORDS_EACH = 25


async def write_forever(store: EmbeddedStore, writer: int) -> None:
    """Record `w-n` gets the values 1, 2, 3 …; every second batch writes two records that must stay equal."""
    value = 0
    while True:
        value += 1
        id_ = f"{writer}-{value % RECORDS_EACH}"
        ids = (id_, f"{id_}-twin")
        writes = tuple(Write(Kind.CI, each, {"id": each, "value": value, "fill": "x" * 200}) for each in ids)
        rows = (Difference(Kind.CI, id_, "value", value - RECORDS_EACH, value),)
        committed = await insist(store, Batch(writes, rows, "load", "test", id_, datetime.now(UTC)))
        os.write(1, f"{committed.seq} {id_} {value}\n".encode())


async def insist(store: EmbeddedStore, batch: Batch) -> Committed:
    while True:
        try:
            return await store.commit(batch)
        except StoreFull:
            os.write(1, b"full\n")
            await asyncio.sleep(0.01)


async def main(path: Path) -> None:
    store = await EmbeddedStore.open(path)
    os.write(1, b"ready\n")
    await asyncio.gather(*(write_forever(store, writer) for writer in range(WRITERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
