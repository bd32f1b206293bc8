"""Every store, one after the other, each in a loop and a directory of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from cmdb.store.embedded import EmbeddedStore
from cmdb.store.memory import MemoryStore
from cmdb.store.protocol import Store
from tests.support.small_disk import small_disk_at


async def memory_store(_: Path) -> Store:
    return MemoryStore()


async def embedded_store(directory: Path) -> Store:
    return await EmbeddedStore.open(directory / "watchdeck.db")


STORES: dict[str, Callable[[Path], Awaitable[Store]]] = {"memory": memory_store, "embedded": embedded_store}


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = await STORES[request.param](tmp_path)
    yield made
    await made.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_at(tmp_path / "disk", size_mib=8) as disk:
        yield disk
