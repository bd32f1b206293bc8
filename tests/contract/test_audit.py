"""The audit names the row that was changed, removed, exchanged or cut off."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from cmdb.audit import Verdict, verify
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.protocol import Store, StoreDamaged
from tests.contract.batches import batch, host


async def test_an_untouched_audit_holds(store: Store) -> None:
    for n in range(30):
        await store.commit(batch(host(f"h{n}")))
    assert await verify(store) == Verdict(30)


TAMPERING = {
    "UPDATE audit SET reason = 'another' WHERE seq = 7": (7, "its content is not what was written"),
    "UPDATE audit SET actor = 'mallory' WHERE seq = 1": (1, "its content is not what was written"),
    "UPDATE audit SET at = at + 1 WHERE seq = 7": (7, "its content is not what was written"),
    "DELETE FROM audit WHERE seq = 7": (7, "is missing"),
    "DELETE FROM audit WHERE seq < 4": (1, "is missing"),
    "UPDATE audit SET seq = CASE seq WHEN 7 THEN -8 ELSE -7 END WHERE seq IN (7, 8);"
    "UPDATE audit SET seq = -seq WHERE seq < 0": (7, "does not follow"),
    "UPDATE audit SET reason = 'another', digest = (SELECT digest FROM audit WHERE seq = 8) WHERE seq = 7": (
        7,
        "its content is not what was written",
    ),
}


@pytest.mark.parametrize(("script", "expected"), TAMPERING.items(), ids=[f"{n}" for n in range(len(TAMPERING))])
def test_a_row_that_was_tampered_with_is_named(tmp_path: Path, script: str, expected: tuple[int, str]) -> None:
    asyncio.run(filled(tmp_path))
    tamper(tmp_path, script)
    verdict = asyncio.run(verified(tmp_path))
    assert verdict.broken_seq == expected[0]
    assert expected[1] in verdict.why


def test_an_end_that_was_cut_off_is_named(tmp_path: Path) -> None:
    asyncio.run(filled(tmp_path))
    tamper(tmp_path, "DELETE FROM audit WHERE seq > 17")
    with pytest.raises(StoreDamaged, match="its log ends at batch 20, its audit at 17"):
        asyncio.run(verified(tmp_path))


async def filled(directory: Path) -> None:
    store = await EmbeddedStore.open(directory / "watchdeck.db")
    for n in range(20):
        await store.commit(batch(host(f"h{n}")))
    await store.close()


def tamper(directory: Path, script: str) -> None:
    connection = sqlite3.connect(directory / "watchdeck.db")
    connection.executescript(script)
    connection.close()


async def verified(directory: Path) -> Verdict:
    store = await EmbeddedStore.open(directory / "watchdeck.db")
    try:
        return await verify(store)
    finally:
        await store.close()
