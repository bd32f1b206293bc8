"""kill -9 in the midst of writing: what was acknowledged is there, whole, and the store opens again."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from cmdb.audit import first_broken
from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore

ROUNDS = 20
ACKNOWLEDGED_A_ROUND = 1000


Told = list[tuple[int, str, int]]  # sequence number, record, value


def killed_under_load(database: Path, after_lines: int = 0, *, after_full: int = 0) -> Told:
    """What the killed process was told to be durable. It is killed after so many lines, or refusals."""
    command = [sys.executable, "-m", "tests.contract.store_under_load", str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        lines = [process.stdout.readline() for _ in range(after_lines)]
        while lines.count(b"full\n") < after_full:
            lines.append(process.stdout.readline())
        process.kill()
        lines += process.stdout.readlines()
    whole = [line.split() for line in lines if line.endswith(b"\n") and line != b"full\n"]
    return [(int(seq), id_.decode(), int(value)) for seq, id_, value in whole]


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_twenty_rounds_of_kill_lose_and_tear_nothing(tmp_path: Path) -> None:
    database = tmp_path / "watchdeck.db"
    choose = random.Random(20)
    acknowledged = 0
    for _ in range(ROUNDS):
        told = killed_under_load(database, ACKNOWLEDGED_A_ROUND + choose.randrange(200))
        acknowledged += len(told)
        await assert_holds(database, told)
    assert acknowledged >= ROUNDS * ACKNOWLEDGED_A_ROUND


@pytest.mark.slow
async def test_kill_on_a_full_disk_loses_and_tears_nothing(small_disk: Path) -> None:
    database = small_disk / "watchdeck.db"
    choose = random.Random(5)
    for _ in range(5):
        told = killed_under_load(database, after_full=1 + choose.randrange(300))
        await assert_holds(database, told)


async def assert_holds(database: Path, told: Told) -> None:
    store = await EmbeddedStore.open(database)
    try:
        await assert_kept(store, told)
    finally:
        await store.close()


async def assert_kept(store: EmbeddedStore, told: Told) -> None:
    assert store.seq >= max((seq for seq, _, _ in told), default=0)
    last_told = {id_: value for _, id_, value in told}
    found = {document["id"]: document["value"] for document in await store.find(Kind.CI)}
    lost = {id_: value for id_, value in last_told.items() if found.get(id_, 0) < value}
    assert not lost
    torn = [id_ for id_, value in found.items() if not id_.endswith("-twin") and found[f"{id_}-twin"] != value]
    assert not torn
    rows = await store.audit()
    assert len(rows) == store.seq
    assert first_broken(rows) is None
