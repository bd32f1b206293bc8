"""Every store, one after the other, each in a loop and a directory of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from cmdb.store.embedded import EmbeddedStore
from cmdb.store.memory import MemoryStore
from cmdb.store.protocol import Store


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
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "watchdeck-test", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        if os.environ.get("WATCHDECK_REQUIRE_ALL"):
            pytest.fail("mounting a small tmpfs is not permitted here")
        pytest.skip("mounting a small tmpfs is not permitted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)
