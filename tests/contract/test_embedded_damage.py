"""A file that was cut short or had a bit flipped: found and named, or harmless. Never a wrong answer."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from cmdb.audit import first_broken
from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.protocol import Difference, StoreDamaged, StoreError
from tests.contract.batches import at, batch, gone, host

FLIPS = 400


async def filled(database: Path) -> None:
    """Forty hosts, each renamed, some removed: current records, past ones, history, audit."""
    store = await EmbeddedStore.open(database)
    for minute in range(6):
        ids = [f"host-{n:03}" for n in range(minute, 40)]
        writes = [gone(id_) if minute == 5 and id_ < "host-010" else host(id_, name=f"{id_} {minute}") for id_ in ids]
        rows = tuple(Difference(Kind.CI, id_, "name", minute - 1, minute) for id_ in ids)
        await store.commit(batch(*writes, minutes=minute, differences=rows))
    await store.close()


async def everything(database: Path) -> Any:
    """Every answer that the store gives about what it holds; raises where it gives none."""
    store = await EmbeddedStore.open(database)
    try:
        rows = await store.audit()
        if (broken := first_broken(rows)) is not None:
            raise StoreDamaged("audit", f"row {broken[0]} {broken[1]}")
        moments = [await store.find(Kind.CI, at=at(minute)) for minute in range(-1, 7)]
        single = [await store.get(Kind.CI, "host-005", at=at(minute)) for minute in range(-1, 7)]
        return await store.find(Kind.CI, {"class": "host"}), moments, single, await store.history(), rows, store.seq
    finally:
        await store.close()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "sound" / "watchdeck.db"
    asyncio.run(filled(path))
    return path


def spoiled(database: Path, into: Path, content: bytes) -> Path:
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(database.parent, into)
    (into / database.name).write_bytes(content)
    return into / database.name


def outcome(database: Path, sound: Any) -> str:
    try:
        answer = asyncio.run(everything(database))
    except StoreError:
        return "named"
    assert answer == sound
    return "harmless"


def flipped(content: bytes, position: int, bit: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 1 << bit]) + content[position + 1 :]


def outcomes_of_flips(database: Path, directory: Path, positions: Iterable[int]) -> list[str]:
    content = database.read_bytes()
    sound = asyncio.run(everything(database))
    choose = random.Random(7)
    return [
        outcome(spoiled(database, directory / "spoiled", flipped(content, position, choose.randrange(8))), sound)
        for position in positions
    ]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_flipped_bit_is_named_or_harmless(database: Path, tmp_path: Path) -> None:
    size = database.stat().st_size
    choose = random.Random(5)
    found = outcomes_of_flips(database, tmp_path, [choose.randrange(size) for _ in range(FLIPS)])
    assert found.count("named") > FLIPS / 4


def test_a_flipped_bit_in_a_record_is_named(database: Path, tmp_path: Path) -> None:
    position = database.read_bytes().rindex(b"host-039 5")
    assert outcomes_of_flips(database, tmp_path, [position]) == ["named"]


@pytest.mark.parametrize("pages", [1, 3, 8])
def test_a_file_that_was_cut_short_is_named(database: Path, tmp_path: Path, pages: int) -> None:
    content = database.read_bytes()
    cut = spoiled(database, tmp_path / "cut", content[: -4096 * pages])
    with pytest.raises(StoreDamaged, match=r"watchdeck\.db"):
        asyncio.run(everything(cut))


def killed(database: Path, into: Path) -> Path:
    """A copy of the files as a kill at this moment would leave them."""
    shutil.copytree(database.parent, into)
    return into / database.name


@pytest.mark.parametrize("left", [0.0, 0.5, 0.99])
async def test_a_log_that_was_cut_short_is_named(tmp_path: Path, left: float) -> None:
    store = await EmbeddedStore.open(tmp_path / "live" / "watchdeck.db")
    for n in range(20):
        await store.commit(batch(host(f"h{n}")))
    left_behind = killed(tmp_path / "live" / "watchdeck.db", tmp_path / "killed")
    await store.close()
    log = left_behind.with_name("watchdeck.db-wal")
    written = log.read_bytes().rstrip(b"\0")
    log.write_bytes(written[: int(len(written) * left)])
    with pytest.raises(StoreDamaged, match=r"but batch 20 was acknowledged"):
        await EmbeddedStore.open(left_behind)


async def test_a_log_left_by_a_kill_is_read(tmp_path: Path) -> None:
    store = await EmbeddedStore.open(tmp_path / "live" / "watchdeck.db")
    await store.commit(batch(host("h1")))
    left_behind = killed(tmp_path / "live" / "watchdeck.db", tmp_path / "killed")
    await store.close()
    again = await EmbeddedStore.open(left_behind)
    assert [document["id"] for document in await again.find(Kind.CI)] == ["h1"]
    await again.close()


async def test_an_older_copy_in_its_place_is_named(tmp_path: Path) -> None:
    path = tmp_path / "watchdeck.db"
    for n in range(2):
        store = await EmbeddedStore.open(path)
        await store.commit(batch(host(f"h{n}")))
        await store.close()
        if n == 0:
            shutil.copy(path, tmp_path / "older")
    shutil.copy(tmp_path / "older", path)
    with pytest.raises(StoreDamaged, match="ends at batch 1, but batch 2 was acknowledged"):
        await EmbeddedStore.open(path)


TAMPERING = {
    "a record changed": "UPDATE document SET body = (SELECT body FROM document WHERE id = 'host-011') "
    "WHERE id = 'host-012'",
    "a record lost": "DELETE FROM document WHERE id = 'host-012'",
    "a record doubled": "INSERT INTO document (kind, id, body) SELECT kind, 'host-999', body FROM document LIMIT 1",
    "the newest audit row lost": "DELETE FROM audit WHERE seq = 6",
    "the head turned back": "UPDATE head SET seq = 5",
    "an id of another type": "UPDATE document SET id = CAST(id AS BLOB) WHERE id = 'host-012'",
    "a body of another type": "UPDATE document SET body = 'text' WHERE id = 'host-012'",
    "a past body of another type": "UPDATE past SET body = hex(body) WHERE id = 'host-012'",
    "a past id of another type": "UPDATE past SET id = CAST(id AS BLOB) WHERE id = 'host-012'",
    "a change of another type": "UPDATE history SET change = 'text' WHERE id = 'host-012'",
}


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
def test_what_was_changed_behind_the_ledgers_back_is_named(database: Path, statement: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(statement)
    connection.close()
    with pytest.raises(StoreDamaged):
        asyncio.run(everything(database))


def test_a_damaged_archive_leaves_the_present_readable(database: Path) -> None:
    content = database.read_bytes()
    database.write_bytes(content.replace(b"host-012 2", b"host-012 9"))

    async def read() -> None:
        store = await EmbeddedStore.open(database)
        assert len(await store.find(Kind.CI)) == 35
        with pytest.raises(StoreDamaged, match="host-012"):
            await store.find(Kind.CI, at=at(2))
        await store.close()

    asyncio.run(read())
