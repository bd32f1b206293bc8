"""Forgetting and folding the past by class and age, without a wrong answer and without a gap in the audit."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cmdb.audit import first_broken
from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.protocol import Difference, Forgotten
from cmdb.store.retain import Retained, retain
from cmdb.store.retention import Rule
from tests.contract.batches import at, batch, gone, host

MINUTE = timedelta(minutes=1)
PACKAGE: dict[str, Any] = {"class": "package"}
FOR_EVER = timedelta(days=10_000)


def renaming(id_: str, minute: int, **fields: Any) -> Any:
    row = Difference(Kind.CI, id_, "name", f"{minute - 1}", f"{minute}")
    return batch(host(id_, name=f"{minute}", **fields), minutes=minute, differences=(row,))


async def opened(tmp_path: Path) -> EmbeddedStore:
    return await EmbeddedStore.open(tmp_path / "watchdeck.db")


async def with_ten_minutes(tmp_path: Path) -> EmbeddedStore:
    """A host and a package, both renamed at every minute; a third removed at minute 2."""
    store = await opened(tmp_path)
    await store.commit(batch(host("h2"), minutes=0))
    for minute in range(10):
        await store.commit(renaming("h1", minute))
        await store.commit(renaming("p1", minute, **PACKAGE))
        if minute == 2:
            await store.commit(batch(gone("h2"), minutes=2))
    return store


async def test_what_is_older_than_its_class_is_kept_is_refused_and_the_rest_is_exact(tmp_path: Path) -> None:
    store = await with_ten_minutes(tmp_path)
    before = {minute: await store.find(Kind.CI, at=at(minute)) for minute in range(10)}
    hosts = {minute: await store.find(Kind.CI, {"class": "host"}, at=at(minute)) for minute in range(10)}
    rules = [Rule(Kind.CI, keep=8 * MINUTE, exact=FOR_EVER), Rule(Kind.CI, "package", keep=3 * MINUTE, exact=FOR_EVER)]
    removed = await retain(store, at(10), rules)
    # At minute 2 the host's third name is current and the other host gone; at minute 7 the package's eighth name is.
    assert removed == Retained(forgotten_versions=2 + 7 + 1, forgotten_history=3 + 8, folded_versions=0)
    for minute in range(10):
        if minute >= 7:
            assert await store.find(Kind.CI, at=at(minute)) == before[minute]
        else:
            with pytest.raises(Forgotten, match="ci of class package: is kept from 2026-03-01T12:07:00Z on"):
                await store.find(Kind.CI, at=at(minute))
    for minute in range(2, 10):
        assert await store.find(Kind.CI, {"class": "host"}, at=at(minute)) == hosts[minute]
    with pytest.raises(Forgotten, match="ci of class host"):
        await store.find(Kind.CI, {"class": "host"}, at=at(1))
    with pytest.raises(Forgotten):
        await store.get(Kind.CI, "h1", at=at(1))
    assert [row.before for row in await store.history(Kind.CI, "p1")] == ["8", "7"]
    assert len(await store.history(Kind.CI, "h1")) == 7
    await store.close()


async def test_the_audit_stays_whole_and_says_what_was_forgotten(tmp_path: Path) -> None:
    store = await with_ten_minutes(tmp_path)
    count = len(await store.audit())
    await retain(store, at(10), [Rule(Kind.CI, keep=5 * MINUTE)])
    rows = await store.audit()
    assert len(rows) == count + 1
    assert first_broken(rows) is None
    assert rows[-1].actor == "retention"
    assert rows[-1].summary.startswith("forgot ci host up to batch")
    await retain(store, at(10), [Rule(Kind.CI, keep=5 * MINUTE)])
    assert len(await store.audit()) == count + 1
    await store.close()


async def test_what_was_forgotten_stays_refused_after_reopening(tmp_path: Path) -> None:
    store = await with_ten_minutes(tmp_path)
    await retain(store, at(10), [Rule(Kind.CI, keep=5 * MINUTE)])
    await store.close()
    store = await opened(tmp_path)
    with pytest.raises(Forgotten):
        await store.get(Kind.CI, "h2", at=at(1))
    assert await store.get(Kind.CI, "h1", at=at(6)) is not None
    await store.close()


async def test_a_record_that_did_not_change_is_read_from_however_far_back(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.commit(batch(host("still"), minutes=0))
    for minute in range(1, 10):
        await store.commit(renaming("h1", minute))
    await retain(store, at(10), [Rule(Kind.CI, keep=5 * MINUTE)])
    assert await store.get(Kind.CI, "still", at=at(1)) is not None
    await store.close()


def beating(minute: int, name: str) -> Any:
    return batch(host("h1", name=name, last_seen=at(minute), metrics={"beat": minute}), minutes=minute)


async def test_versions_that_history_cannot_tell_apart_are_folded_into_the_first(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    names = ["a", "a", "a", "b", "b", "a", "a", "a", "a", "a"]
    for minute, name in enumerate(names):
        await store.commit(beating(minute, name))
    recent = {minute: await store.get(Kind.CI, "h1", at=at(minute)) for minute in range(8, 10)}
    rules = [Rule(Kind.CI, keep=FOR_EVER, exact=2 * MINUTE)]
    assert (await retain(store, at(10), rules)).folded_versions == 2 + 1 + 2
    then = [await store.get(Kind.CI, "h1", at=at(minute)) for minute in range(10)]
    assert [document and document["name"] for document in then] == names
    assert [document and document["metrics"]["beat"] for document in then[:8]] == [0, 0, 0, 3, 3, 5, 5, 5]
    assert {minute: then[minute] for minute in recent} == recent
    assert (await retain(store, at(10), rules)).folded_versions == 0
    await store.close()


async def test_a_gap_is_not_folded_over(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.commit(beating(0, "a"))
    await store.commit(beating(1, "a"))
    await store.commit(batch(gone("h1"), minutes=2))
    await store.commit(beating(3, "a"))
    await store.commit(beating(4, "a"))
    await store.commit(beating(5, "a"))
    await retain(store, at(60), [Rule(Kind.CI, keep=FOR_EVER, exact=MINUTE)])
    then = [await store.get(Kind.CI, "h1", at=at(minute)) for minute in range(6)]
    assert [document and document["metrics"]["beat"] for document in then] == [0, 0, None, 3, 3, 5]
    await store.close()


async def test_kinds_without_history_keep_every_version_that_says_something(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    for minute, end in enumerate([None, None, 5, 5]):
        write = host("i1", end=end)
        await store.commit(batch(type(write)(Kind.INTERVAL, "i1", write.body), minutes=minute))
    await retain(store, at(60), [Rule(Kind.INTERVAL, keep=FOR_EVER, exact=MINUTE)])
    then = [await store.get(Kind.INTERVAL, "i1", at=at(minute)) for minute in range(4)]
    assert [document and document["end"] for document in then] == [None, None, 5, 5]
    await store.close()


async def test_kinds_without_a_rule_are_kept_for_ever(tmp_path: Path) -> None:
    store = await with_ten_minutes(tmp_path)
    assert await retain(store, at(10_000_000), [Rule(Kind.CHECK, keep=MINUTE)]) == Retained(0, 0, 0)
    assert await store.get(Kind.CI, "h2", at=at(1)) is not None
    await store.close()
