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


def killed_under_load(database: Path, after_lines: int) -> list[tuple[int, str, int]]:
    """What the killed process was told to be durable."""
    command = [sys.executable, "-m", "tests.contract.store_under_load", str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        lines = [process.stdout.readline() for _ in range(after_lines)]
        process.kill()
        lines += process.stdout.readlines()
    whole = [line.split() for line in lines if line.endswith(b"\n")]
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
        store = await EmbeddedStore.open(database)
        try:
            await assert_holds(store, told)
        finally:
            await store.close()
    assert acknowledged >= ROUNDS * ACKNOWLEDGED_A_ROUND


async def assert_holds(store: EmbeddedStore, told: list[tuple[int, str, int]]) -> None:
    assert store.seq >= max(seq for seq, _, _ in told)
    last_told = {id_: value for _, id_, value in told}
    found = {document["id"]: document["value"] for document in await store.find(Kind.CI)}
    lost = {id_: value for id_, value in last_told.items() if found.get(id_, 0) < value}
    assert not lost
    torn = [id_ for id_, value in found.items() if not id_.endswith("-twin") and found[f"{id_}-twin"] != value]
    assert not torn
    rows = await store.audit()
    assert len(rows) == store.seq
    assert first_broken(rows) is None
