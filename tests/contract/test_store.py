"""What every store does, whatever it keeps its records in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from tinydb import where

from cmdb.audit import first_broken
from cmdb.model.kind import Kind
from cmdb.store.protocol import Behind, Difference, StaleVersion, Store, StoreError, Write
from tests.contract.batches import at, batch, gone, host


class Named(msgspec.Struct, frozen=True):
    id: str
    name: str


PACKAGE: dict[str, Any] = {"class": "package"}


async def test_a_committed_record_is_there_at_version_one(store: Store) -> None:
    committed = await store.commit(batch(host(name="web1")))
    document = await store.get(Kind.CI, "h1")
    assert document is not None
    assert (document["name"], document["version"]) == ("web1", 1)
    assert committed.seq == store.seq == 1


async def test_what_was_never_written_is_none(store: Store) -> None:
    assert await store.get(Kind.CI, "h1") is None


async def test_many_documents_are_read_packed_in_the_order_asked(store: Store) -> None:
    await store.commit(batch(host("h1"), host("h2", name="web2")))
    first, missing, second = await store.bodies([(Kind.CI, "h2"), (Kind.CI, "h3"), (Kind.CI, "h1")])
    assert first is not None
    assert msgspec.msgpack.decode(first) == await store.get(Kind.CI, "h2")
    assert missing is None
    assert second is not None
    assert msgspec.msgpack.decode(second)["id"] == "h1"


async def test_a_body_may_come_packed(store: Store) -> None:
    await store.commit(batch(host()))
    body = {**(host(name="web1").body or {}), "version": 2}
    await store.commit(batch(Write(Kind.CI, "h1", body, 1, msgspec.msgpack.encode(body))))
    assert await store.get(Kind.CI, "h1") == body


async def test_every_write_raises_the_version_by_one(store: Store) -> None:
    for _ in range(3):
        await store.commit(batch(host()))
    document = await store.get(Kind.CI, "h1")
    assert document is not None
    assert document["version"] == 3


async def test_a_write_that_expects_another_version_is_refused_whole(store: Store) -> None:
    await store.commit(batch(host()))
    with pytest.raises(StaleVersion) as caught:
        await store.commit(batch(host("h2"), host(expected=7)))
    assert (caught.value.id, caught.value.expected, caught.value.actual) == ("h1", 7, 1)
    assert caught.value.current is not None
    assert caught.value.current["name"] == "h1"
    assert await store.get(Kind.CI, "h2") is None
    assert store.seq == 1


async def test_expecting_zero_means_that_it_must_not_be_there(store: Store) -> None:
    await store.commit(batch(host(expected=0)))
    with pytest.raises(StaleVersion):
        await store.commit(batch(host(expected=0)))


async def test_of_two_writers_at_the_same_version_one_wins(store: Store) -> None:
    await store.commit(batch(host()))
    outcomes = await asyncio.gather(
        *(store.commit(batch(host(name=f"n{n}", expected=1))) for n in range(10)), return_exceptions=True
    )
    assert sum(isinstance(outcome, StaleVersion) for outcome in outcomes) == 9
    document = await store.get(Kind.CI, "h1")
    assert document is not None
    assert document["version"] == 2


async def test_what_a_loser_is_told_is_there_to_be_read(store: Store) -> None:
    async def lose() -> None:
        with pytest.raises(StaleVersion) as caught:
            await store.commit(batch(host(expected=0)))
        assert caught.value.current == await store.get(Kind.CI, "h1")

    await asyncio.gather(store.commit(batch(host(expected=0))), lose())


async def test_a_later_write_of_a_batch_sees_the_earlier_one(store: Store) -> None:
    committed = await store.commit(batch(host(expected=0), host(expected=1, name="renamed")))
    assert [delta.body and delta.body["version"] for delta in committed.deltas] == [1, 2]
    document = await store.get(Kind.CI, "h1")
    assert document is not None
    assert document["name"] == "renamed"


async def test_a_deleted_record_is_gone_and_may_come_again(store: Store) -> None:
    await store.commit(batch(host()))
    await store.commit(batch(gone(expected=1)))
    assert await store.get(Kind.CI, "h1") is None
    assert await store.find(Kind.CI, {"class": "host"}) == []
    await store.commit(batch(host(expected=0)))
    document = await store.get(Kind.CI, "h1")
    assert document is not None
    assert document["version"] == 1


async def test_deleting_what_is_not_there_changes_nothing(store: Store) -> None:
    await store.commit(batch(gone()))
    assert await store.get(Kind.CI, "h1") is None


async def test_many_writers_at_once_lose_nothing(store: Store) -> None:
    await asyncio.gather(*(store.commit(batch(host(f"h{n % 20}"))) for n in range(200)))
    found = await store.find(Kind.CI)
    assert [document["version"] for document in found] == [10] * 20
    assert store.seq == 200


async def test_a_writer_that_was_cancelled_harms_nobody(store: Store) -> None:
    cancelled = asyncio.ensure_future(store.commit(batch(host("h1"))))
    others = asyncio.gather(*(store.commit(batch(host(f"h{n}"))) for n in range(2, 10)))
    await asyncio.sleep(0)
    cancelled.cancel()
    await others
    await store.commit(batch(host("h1")))
    assert len(await store.find(Kind.CI)) == 9
    assert first_broken(await store.audit()) is None


async def test_find_narrows_by_indexed_equality_in_order_of_id(store: Store) -> None:
    await store.commit(batch(host("h2"), host("h10"), host("p1", host="h2", **PACKAGE)))
    assert [document["id"] for document in await store.find(Kind.CI, {"class": "host"})] == ["h10", "h2"]
    assert [document["id"] for document in await store.find(Kind.CI, {"host": "h2", "class": "package"})] == ["p1"]
    assert await store.find(Kind.CI, {"class": "disk"}) == []
    assert await store.find(Kind.RELATION) == []


async def test_a_scan_finds_the_same_one_by_one_and_of_one_moment(store: Store) -> None:
    await store.commit(batch(host("h1"), host("h2"), host("h3")))
    scanned = []
    async for document in store.scan(Kind.CI, {"class": "host"}):
        scanned.append(document["id"])
        await store.commit(batch(host(f"h{document['id']}")))
    assert scanned == ["h1", "h2", "h3"]
    later = store.scan(Kind.CI, matching=lambda ci: ci["id"].startswith("hh"))
    assert [document["id"] async for document in later] == ["hh1", "hh2", "hh3"]


async def test_find_follows_what_was_updated(store: Store) -> None:
    await store.commit(batch(host("h1"), host("h2")))
    await store.commit(batch(host("h1", status="retired")))
    assert [document["id"] for document in await store.find(Kind.CI, {"status": "in_use"})] == ["h2"]
    assert [document["id"] for document in await store.find(Kind.CI, {"status": "retired"})] == ["h1"]


async def test_find_asks_values_without_an_index_too(store: Store) -> None:
    await store.commit(batch(host("h1", attributes={"cores": 4}), host("h2", attributes={"cores": 8})))
    assert [document["id"] for document in await store.find(Kind.CI, {"attributes.cores": 8})] == ["h2"]


async def test_find_takes_any_predicate_and_a_tinydb_query(store: Store) -> None:
    await store.commit(batch(*(host(f"h{n}", attributes={"cores": n}) for n in range(5))))
    by_lambda = await store.find(Kind.CI, matching=lambda document: document["attributes"]["cores"] > 2)
    query = (where("class") == "host") & (where("attributes")["cores"] > 2)
    assert [document["id"] for document in by_lambda] == ["h3", "h4"]
    assert await store.find(Kind.CI, matching=query) == by_lambda


async def test_a_document_that_was_read_is_a_copy(store: Store) -> None:
    await store.commit(batch(host(attributes={"a": [1]})))
    for read in (await store.get(Kind.CI, "h1"), (await store.find(Kind.CI))[0]):
        assert read is not None
        read["attributes"]["a"].append(2)
    assert (await store.find(Kind.CI))[0]["attributes"] == {"a": [1]}


async def test_documents_come_back_in_normal_form(store: Store) -> None:
    eastern = datetime(2026, 3, 1, 7, 0, tzinfo=timezone(timedelta(hours=-5)))
    await store.commit(batch(host(first_seen=eastern, keys=("a", "b"))))
    document = await store.get(Kind.CI, "h1")
    assert document is not None
    assert document["first_seen"] == eastern
    assert document["first_seen"].tzinfo == UTC
    assert document["keys"] == ["a", "b"]


async def test_a_record_reads_as_it_was_at_any_moment(store: Store) -> None:
    await store.commit(batch(host(name="one"), minutes=1))
    await store.commit(batch(host(name="two"), minutes=2))
    await store.commit(batch(gone(), minutes=3))
    await store.commit(batch(host(name="three"), minutes=4))
    names = []
    for minutes in (0, 1, 1.5, 2, 3, 3.5, 4, 5):
        then = await store.get(Kind.CI, "h1", at=at(minutes))
        names.append(then and (then["name"], then["version"]))
    assert names == [None, ("one", 1), ("one", 1), ("two", 2), None, None, ("three", 1), ("three", 1)]


async def test_find_as_of_a_moment_answers_as_it_did_then(store: Store) -> None:
    answers = []
    for minute, write in enumerate([host("h1"), host("h2"), host("h1", status="retired"), gone("h2"), host("h3")]):
        await store.commit(batch(write, minutes=minute))
        answers.append(await store.find(Kind.CI, {"status": "in_use"}))
    for minute, answer in enumerate(answers):
        assert await store.find(Kind.CI, {"status": "in_use"}, at=at(minute)) == answer


async def test_moments_rise_although_the_clock_went_back(store: Store) -> None:
    await store.commit(batch(host(name="one"), minutes=10))
    await store.commit(batch(host(name="two"), minutes=5))
    assert [row.at for row in await store.audit()] == [at(10), at(10)]
    document = await store.get(Kind.CI, "h1", at=at(10))
    assert document is not None
    assert document["name"] == "two"
    assert await store.get(Kind.CI, "h1", at=at(7)) is None


def renamed(id_: str, before: str, after: str) -> tuple[Difference, ...]:
    return (Difference(Kind.CI, id_, "name", before, after),)


async def test_history_is_newest_first_with_who_and_why(store: Store) -> None:
    await store.commit(batch(host("h1"), minutes=1, differences=renamed("h1", "a", "b"), actor="ann"))
    await store.commit(batch(host("h1"), minutes=2, differences=renamed("h1", "b", "c"), actor="bob"))
    rows = await store.history(Kind.CI, "h1")
    assert [(row.seq, row.at, row.attribute, row.before, row.after, row.actor, row.reason) for row in rows] == [
        (2, at(2), "name", "b", "c", "bob", "because"),
        (1, at(1), "name", "a", "b", "ann", "because"),
    ]


async def test_history_is_asked_by_kind_record_time_and_number(store: Store) -> None:
    for minute in range(6):
        id_ = f"h{minute % 2}"
        await store.commit(batch(host(id_), minutes=minute, differences=renamed(id_, str(minute), str(minute + 1))))
    befores = [row.before for row in await store.history(Kind.CI, "h1", since=at(1), until=at(5))]
    assert befores == ["3", "1"]
    assert [row.before for row in await store.history(since=at(4))] == ["5", "4"]
    assert [row.before for row in await store.history(until=at(1))] == ["0"]
    assert [row.before for row in await store.history(limit=2)] == ["5", "4"]
    assert await store.history(Kind.RELATION) == []
    assert await store.history(since=at(60)) == []
    assert await store.history(until=at(-60)) == []


async def found_by(store: Store, text: str) -> list[str]:
    return sorted(document["id"] for document in await store.search(text, Kind.CI))


def described(id_: str, **attributes: Any) -> Any:
    return batch(host(id_, attributes=attributes), differences=(Difference(Kind.CI, id_, "", None, {}),))


async def test_search_finds_every_word_anywhere_in_a_record(store: Store) -> None:
    await store.commit(described("h1", model="PowerEdge R740", tags=["rack 12", {"in": "Zürich"}]))
    await store.commit(described("h2", model="ProLiant DL380", tags=["rack 13"]))
    assert await found_by(store, "edge") == ["h1"]
    assert await found_by(store, "RACK") == ["h1", "h2"]
    assert await found_by(store, "rack proliant") == ["h2"]
    assert await found_by(store, "zürich") == ["h1"]
    assert await found_by(store, "rack 13") == ["h2"]
    assert await found_by(store, "13") == ["h2"]
    assert await found_by(store, "nowhere") == []
    assert await found_by(store, "  ") == []
    assert len(await store.search("rack", Kind.CI, limit=1)) == 1
    assert await store.search("rack", Kind.INCIDENT) == []


@pytest.mark.parametrize(
    "text", ['"', "' OR 1=1 --", "rack AND", "NEAR(", "*", "%", "_", "\\", "a:b", "^x", "-y", "\0"]
)
async def test_search_takes_any_text_as_words(store: Store, text: str) -> None:
    await store.commit(described("h1", model="rack"))
    assert await found_by(store, text) == []
    await store.commit(described("h2", model=f"before {text} after"))
    assert "h2" in await found_by(store, text) or not text.strip("\0")


async def test_search_follows_changes_and_removal(store: Store) -> None:
    await store.commit(described("h1", model="PowerEdge"))
    await store.commit(described("h1", model="ProLiant"))
    assert (await found_by(store, "PowerEdge"), await found_by(store, "ProLiant")) == ([], ["h1"])
    await store.commit(batch(gone("h1")))
    assert await found_by(store, "ProLiant") == []


async def test_the_audit_is_one_unbroken_chain(store: Store) -> None:
    for minute in range(5):
        await store.commit(batch(host(), minutes=minute))
    rows = await store.audit()
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5]
    assert first_broken(rows) is None
    assert await store.audit(after_seq=3) == rows[3:]
    assert await store.audit(after_seq=1, limit=2) == rows[1:3]


async def test_a_subscriber_gets_every_batch_from_the_call_on(store: Store) -> None:
    await store.commit(batch(host("h1")))
    subscription = store.subscribe()
    await store.commit(batch(host("h2")))
    await store.commit(batch(gone("h1")))
    assert [delta.id for delta in await anext(subscription)] == ["h2"]
    assert [(delta.id, delta.body) for delta in await anext(subscription)] == [("h1", None)]
    assert subscription.seq == store.seq


async def test_a_waiting_subscriber_is_woken(store: Store) -> None:
    subscription = store.subscribe()
    waiting = asyncio.ensure_future(anext(subscription))
    committed = await store.commit(batch(host()))
    assert tuple(await asyncio.wait_for(waiting, 5)) == committed.deltas


async def test_a_delta_is_the_record_as_it_can_be_read(store: Store) -> None:
    subscription = store.subscribe()
    await store.commit(batch(host()))
    (delta,) = await anext(subscription)
    assert delta.body == await store.get(Kind.CI, "h1")


async def test_a_subscription_starts_after_any_batch_that_is_kept(store: Store) -> None:
    for n in range(4):
        await store.commit(batch(host(f"h{n}")))
    subscription = store.subscribe(2)
    assert [[delta.id for delta in await anext(subscription)] for _ in range(2)] == [["h2"], ["h3"]]


async def test_a_subscription_to_what_was_never_written_is_behind(store: Store) -> None:
    with pytest.raises(Behind):
        store.subscribe(5)


async def test_a_closed_subscription_ends_also_while_waiting(store: Store) -> None:
    subscription = store.subscribe()
    waiting = asyncio.ensure_future(anext(subscription, None))
    await asyncio.sleep(0)
    subscription.close()
    assert await asyncio.wait_for(waiting, 5) is None


async def test_closing_the_store_ends_subscriptions_after_their_last_batch(store: Store) -> None:
    subscription = store.subscribe()
    await store.commit(batch(host()))
    await store.close()
    assert len([deltas async for deltas in subscription]) == 1


async def test_a_closed_store_takes_nothing(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreError):
        await store.commit(batch(host()))


@pytest.mark.parametrize("body", [{"name": "\ud800"}, {"name": 2**70}, {"name": object()}])
async def test_what_cannot_be_kept_is_refused_and_harms_nobody(store: Store, body: dict[str, Any]) -> None:
    good, bad = await asyncio.gather(
        store.commit(batch(host("h1"))), store.commit(batch(host("h2", **body))), return_exceptions=True
    )
    assert not isinstance(good, BaseException)
    assert isinstance(bad, Exception)
    assert [document["id"] for document in await store.find(Kind.CI)] == ["h1"]


async def test_records_with_one_of_several_values_are_read_as_their_structs(store: Store) -> None:
    await store.commit(batch(host("h2"), host("h1"), host("h3")))
    await store.commit(batch(host("h1", name="other")))
    found = await store.read(Kind.CI, Named, "id", ["h3", "h1", "h9"])
    assert found == [Named("h1", "other"), Named("h3", "h3")]
    assert await store.read(Kind.CI, Named, "name", ["h2"]) == [Named("h2", "h2")]


async def test_two_equalities_leave_what_has_both(store: Store) -> None:
    await store.commit(batch(host("h1"), host("h2"), host("h3", status="missing")))
    await store.commit(batch(host("h2", status="missing")))
    found = await store.find(Kind.CI, {"class": "host", "status": "missing", "name": "h2"})
    assert [document["id"] for document in found] == ["h2"]
