"""No room on the disk, or no writing at all: refused in words; reads go on, nothing is lost, it recovers."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cmdb.audit import first_broken
from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.protocol import StoreFull
from tests.contract.batches import batch, host

FILL: dict[str, Any] = {"fill": "x" * 20_000}


async def commit_until_full(store: EmbeddedStore) -> int:
    """How many records were acknowledged before it was refused."""
    for n in range(10_000):
        try:
            await store.commit(batch(host(f"h{n}", **FILL)))
        except StoreFull:
            return n
    raise AssertionError("the disk never filled up")


async def until(condition: Callable[[], bool], what: str) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.05)
    assert condition(), what


@pytest.mark.slow
async def test_a_full_disk_refuses_writes_and_recovers_when_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 3_000_000)
    store = await EmbeddedStore.open(small_disk / "watchdeck.db")
    acknowledged = await commit_until_full(store)
    assert acknowledged > 10
    assert store.trouble is not None
    assert "no room left" in store.trouble
    assert len(await store.find(Kind.CI, {"class": "host"})) == acknowledged
    assert len(await store.audit()) == acknowledged
    ballast.unlink()
    await until(lambda: store.trouble is None, "trouble is over once there is room")
    await store.commit(batch(host("after", **FILL)))
    await store.close()

    store = await EmbeddedStore.open(small_disk / "watchdeck.db")
    assert len(await store.find(Kind.CI)) == acknowledged + 1
    assert first_broken(await store.audit()) is None
    await store.close()


@pytest.mark.slow
async def test_what_waits_behind_a_refused_batch_is_refused_with_it(small_disk: Path) -> None:
    store = await EmbeddedStore.open(small_disk / "watchdeck.db")
    outcomes = await asyncio.gather(
        *(store.commit(batch(host(f"h{n}", **FILL))) for n in range(1000)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert refused
    assert all(isinstance(outcome, StoreFull) for outcome in refused)
    assert len(await store.find(Kind.CI)) == len(outcomes) - len(refused)
    assert store.seq == len(outcomes) - len(refused)
    await store.close()
    store = await EmbeddedStore.open(small_disk / "watchdeck.db")
    assert len(await store.find(Kind.CI)) == len(outcomes) - len(refused)
    await store.close()


async def test_a_file_that_may_not_grow_refuses_writes_and_recovers(tmp_path: Path) -> None:
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    await store.commit(batch(host("h1", **FILL)))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        acknowledged = await commit_until_full(store)
        assert "cannot be written" in (store.trouble or "")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await store.commit(batch(host("after", **FILL)))
    assert store.trouble is None
    found = {document["id"] for document in await store.find(Kind.CI)}
    await store.close()
    assert found == {"h1", "after", *(f"h{n}" for n in range(acknowledged))}
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    assert {document["id"] for document in await store.find(Kind.CI)} == found
    await store.close()


@pytest.mark.slow
def test_opening_on_a_read_only_disk_says_so(small_disk: Path) -> None:
    open_and_close = (
        "import asyncio, pathlib, sys\n"
        "from cmdb.store.embedded import EmbeddedStore\n"
        "from cmdb.store.protocol import StoreError\n"
        "async def main():\n"
        "    await (await EmbeddedStore.open(pathlib.Path(sys.argv[1]))).close()\n"
        "try:\n"
        "    asyncio.run(main())\n"
        "except StoreError as error:\n"
        "    sys.exit(str(error))\n"
    )
    command = [sys.executable, "-c", open_and_close, str(small_disk / "watchdeck.db")]
    assert subprocess.run(command, check=False).returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "read-only" in done.stderr.lower()
