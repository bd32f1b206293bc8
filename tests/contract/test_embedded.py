"""What only the embedded store has: a file that lasts, that one process owns, and that may be full."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.protocol import Difference, StoreDamaged, StoreTaken
from cmdb.store.tinydb_storage import PackedTinyDB
from tests.contract.batches import at, batch, gone, host


async def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    await store.commit(batch(host("h1"), host("h2"), minutes=1))
    await store.commit(batch(host("h1", status="retired"), gone("h2"), minutes=2))
    before = (await store.find(Kind.CI), await store.audit(), store.seq)
    await store.close()
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    assert (await store.find(Kind.CI), await store.audit(), store.seq) == before
    assert [document["id"] for document in await store.find(Kind.CI, at=at(1))] == ["h1", "h2"]
    await store.commit(batch(host("h1"), minutes=3))
    assert store.seq == 3
    await store.close()


async def test_batches_that_wait_together_are_written_as_if_each_had_been_alone(tmp_path: Path) -> None:
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    steps = [host("h1"), host("h2"), gone("h1"), host("h2", a=1), host("h1", a=2), gone("h2"), host("h3"), gone("h3")]
    committing = [store.commit(batch(step, minutes=n)) for n, step in enumerate(steps)]
    await asyncio.gather(*committing)
    pasts = [[one["id"] for one in await store.find(Kind.CI, at=at(n))] for n in range(len(steps))]
    await store.close()
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    assert [(one["id"], one["a"]) for one in await store.find(Kind.CI)] == [("h1", 2)]
    assert [[one["id"] for one in await store.find(Kind.CI, at=at(n))] for n in range(len(steps))] == pasts
    assert pasts[3:] == [["h2"], ["h1", "h2"], ["h1"], ["h1", "h3"], ["h1"]]
    assert len(await store.audit()) == len(steps)
    await store.close()


async def test_a_second_store_on_the_directory_is_refused_with_the_pid(tmp_path: Path) -> None:
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    with pytest.raises(StoreTaken, match=f"in use by process {os.getpid()}"):
        await EmbeddedStore.open(tmp_path / "watchdeck.db")
    await store.close()
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    await store.close()


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "watchdeck.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreDamaged, match=r"watchdeck\.db"):
        await EmbeddedStore.open(tmp_path / "watchdeck.db")


async def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "watchdeck.db") as other:
        other.execute("CREATE TABLE theirs (a)")
    other.close()
    with pytest.raises(StoreDamaged, match="is not a Watchdeck database"):
        await EmbeddedStore.open(tmp_path / "watchdeck.db")


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    await store.close()
    with sqlite3.connect(tmp_path / "watchdeck.db") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(StoreDamaged, match="has schema 99"):
        await EmbeddedStore.open(tmp_path / "watchdeck.db")


async def test_records_of_a_kind_that_we_do_not_know_are_named(tmp_path: Path) -> None:
    with PackedTinyDB(tmp_path / "watchdeck.db") as db:
        db.table("unheard").insert({"a": 1})
    with pytest.raises(StoreDamaged, match="holds records of kind unheard"):
        await EmbeddedStore.open(tmp_path / "watchdeck.db")


async def test_what_is_not_indexed_yet_is_found_and_indexed_after_reopening(tmp_path: Path) -> None:
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    writes = [host(f"h{n:03}", attributes={"model": f"model-{n:03}"}) for n in range(100)]
    rows = tuple(Difference(Kind.CI, write.id, "", None, {}) for write in writes)
    await store.commit(batch(*writes, differences=rows))
    assert [document["id"] for document in await store.search("model-042", Kind.CI)] == ["h042"]
    await store.close()
    assert indexed(tmp_path) < 100
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    assert len(await store.search("model", Kind.CI)) == 100
    async with asyncio.timeout(10):
        while indexed(tmp_path) < 100:
            await asyncio.sleep(0.02)
    assert [document["id"] for document in await store.search("model-042", Kind.CI)] == ["h042"]
    await store.close()


def indexed(directory: Path) -> int:
    with closing(sqlite3.connect(directory / "watchdeck.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM fulltext").fetchone()[0])
