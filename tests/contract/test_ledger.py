"""The ledger on every store: differences that are true, whoever else writes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from cmdb.hub.ledger import Ledger
from cmdb.model.change import Put, Remove
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.store.protocol import StaleVersion, Store
from tests.contract.batches import NOON


class TickingClock:
    """A second later each time that it is asked."""

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store, TickingClock())


def ci(id_: str = "h1", **fields: object) -> ConfigurationItem:
    body = {"class": "host", "name": id_, "first_seen": NOON, "last_seen": NOON, "id": id_, **fields}
    body["class_"] = body.pop("class")
    return ConfigurationItem(**body)  # type: ignore[arg-type]


async def test_creation_change_and_removal_each_leave_a_row(ledger: Ledger) -> None:
    await ledger.commit([Put(Kind.CI, ci(name="a"))], actor="ann", reason="found")
    await ledger.commit([Put(Kind.CI, ci(name="b", attributes={"cores": 4}))], actor="bob", reason="renamed")
    await ledger.commit([Remove(Kind.CI, "h1")], actor="ann", reason="scrapped")
    rows = await ledger.store.history(Kind.CI, "h1")
    assert [(row.attribute, row.before, row.after, row.actor) for row in reversed(rows)] == [
        ("", None, {"class": "host", "name": "a", "status": "in_use"}, "ann"),
        ("attributes.cores", None, 4, "bob"),
        ("name", "a", "b", "bob"),
        ("", {"class": "host", "name": "b", "status": "in_use"}, None, "ann"),
    ]


async def test_what_changes_nothing_is_not_written(ledger: Ledger) -> None:
    item = ci(attributes={"dns": ("a", "b")}, sources={"agent": datetime(2026, 3, 1, tzinfo=UTC)})
    assert await ledger.commit([Put(Kind.CI, item)], actor="ann", reason="found") is not None
    assert await ledger.commit([Put(Kind.CI, item)], actor="ann", reason="found") is None
    assert await ledger.commit([Remove(Kind.CI, "h2")], actor="ann", reason="gone") is None
    assert ledger.store.seq == 1


async def test_the_same_in_another_order_is_not_written(ledger: Ledger) -> None:
    await ledger.commit([Put(Kind.CI, ci(attributes={"a": 1, "b": [2]}))], actor="ann", reason="found")
    assert await ledger.commit([Put(Kind.CI, ci(attributes={"b": [2], "a": 1}))], actor="ann", reason="found") is None


async def test_an_expected_version_that_is_not_there_is_refused(ledger: Ledger) -> None:
    await ledger.commit([Put(Kind.CI, ci())], actor="ann", reason="found")
    with pytest.raises(StaleVersion):
        await ledger.commit([Put(Kind.CI, ci(), expected=3)], actor="bob", reason="late")
    with pytest.raises(StaleVersion):
        await ledger.commit([Remove(Kind.CI, "h1", expected=3)], actor="bob", reason="late")


async def test_a_later_change_of_a_batch_is_compared_with_the_earlier_one(ledger: Ledger) -> None:
    await ledger.commit(
        [Put(Kind.CI, ci(name="a"), expected=0), Put(Kind.CI, ci(name="b"))], actor="ann", reason="twice"
    )
    rows = await ledger.store.history(Kind.CI, "h1")
    assert [(row.attribute, row.after) for row in rows] == [
        ("name", "b"),
        ("", {"class": "host", "name": "a", "status": "in_use"}),
    ]


async def test_differences_are_true_although_many_write_at_once(ledger: Ledger) -> None:
    """Each row's `before` is the row before it: nothing was compared with what was no longer there."""
    await asyncio.gather(
        *(ledger.commit([Put(Kind.CI, ci(name=f"n{n}"))], actor=f"a{n}", reason="race") for n in range(40))
    )
    rows = list(reversed(await ledger.store.history(Kind.CI, "h1")))
    assert rows[0].attribute == ""
    last = rows[0].after["name"]
    for row in rows[1:]:
        assert (row.attribute, row.before) == ("name", last)
        last = row.after
    document = await ledger.get(Kind.CI, "h1")
    assert document is not None
    assert (document["name"], document["version"]) == (last, 40)
