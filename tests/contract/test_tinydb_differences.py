"""Where our TinyDB table differs from the stock one on purpose; the reasons are in `docs/store.md`.

And what it has besides: indexes that narrow, of which nothing can be noticed but the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tinydb import Query, TinyDB, where
from tinydb.queries import QueryInstance

from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.narrow import equalities
from cmdb.store.table import PackedTable
from cmdb.store.tinydb_storage import PackedTinyDB, SqliteStorage
from tests.contract.batches import batch, host


@pytest.fixture
def db(tmp_path: Path) -> Iterator[PackedTinyDB]:
    with PackedTinyDB(tmp_path / "db.sqlite") as made:
        yield made


def test_results_are_not_cached(db: PackedTinyDB) -> None:
    db.insert({"tags": ["a"]})
    found = db.search(where("tags").any(["a"]))
    found[0]["tags"].append("b")
    assert db.search(where("tags").any(["a"])) == [{"tags": ["a"]}]
    assert len(db.table("_default")._query_cache) == 0


def test_moments_and_bytes_can_be_kept(db: PackedTinyDB) -> None:
    document = {"at": datetime(2026, 3, 1, tzinfo=UTC), "raw": b"\x00"}
    db.insert(document)
    assert db.all() == [document]


def test_a_tuple_is_a_list_at_once(db: PackedTinyDB) -> None:
    db.insert({"pair": (1, 2)})
    assert db.all() == [{"pair": [1, 2]}]


def test_keys_that_are_numbers_stay_numbers(tmp_path: Path) -> None:
    with PackedTinyDB(tmp_path / "db.sqlite") as db:
        db.insert({1: "one"})
    with PackedTinyDB(tmp_path / "db.sqlite") as db:
        assert db.all() == [{1: "one"}]


def test_pairs_from_a_generator_are_for_every_document(db: PackedTinyDB) -> None:
    db.insert_multiple([{"n": 1}, {"n": 1}])
    assert db.update_multiple(pair for pair in [({"n": 2}, where("n") == 1)]) == [1, 2]


def test_integers_have_64_bits(db: PackedTinyDB) -> None:
    db.insert({"n": 2**63})
    with pytest.raises(OverflowError):
        db.insert({"n": 2**64})


def test_an_empty_table_is_forgotten_at_reopening(tmp_path: Path) -> None:
    with PackedTinyDB(tmp_path / "db.sqlite") as db:
        db.table("empty", persist_empty=True)
    with PackedTinyDB(tmp_path / "db.sqlite") as db:
        assert db.tables() == set()


def test_a_query_is_not_put_to_documents_that_an_index_leaves_out(db: PackedTinyDB) -> None:
    table = db.table("t", indexes=["class"])
    table.insert_multiple([{"class": "host", "n": 1}, {"class": "disk", "n": "text"}])
    assert table.search((where("n") < 2) & (where("class") == "host")) == [{"class": "host", "n": 1}]


def test_stock_tables_work_on_the_storage_too(tmp_path: Path) -> None:
    with TinyDB(tmp_path / "db.sqlite", storage=SqliteStorage) as db:
        db.insert_multiple([{"a": 1}, {"a": 2}, {"a": 3}])
        db.update({"a": 9}, where("a") == 2)
        db.remove(doc_ids=[1])
    with TinyDB(tmp_path / "db.sqlite", storage=SqliteStorage) as db:
        assert [(document.doc_id, document["a"]) for document in db] == [(2, 9), (3, 3)]


def test_only_what_changed_is_written(db: PackedTinyDB, monkeypatch: pytest.MonkeyPatch) -> None:
    db.insert_multiple({"n": n} for n in range(100))
    written: list[Any] = []
    storage = db.storage
    monkeypatch.setattr(storage, "write_rows", lambda name, documents: written.append(documents))
    db.update({"n": 7}, where("n").one_of([7, 8]))
    assert written == [{"9": {"n": 7}}]


# Indexes


@pytest.fixture
def table(db: PackedTinyDB) -> PackedTable:
    made = db.table("cis", indexes=["class", "attributes.version"])
    assert isinstance(made, PackedTable)
    made.insert_multiple(
        {"class": ("host", "disk", "package")[n % 3], "n": n, "attributes": {"version": str(n % 5)}} for n in range(60)
    )
    return made


QUERIES: dict[str, QueryInstance] = {
    "equal": where("class") == "host",
    "nested": where("attributes")["version"] == "2",
    "both": (where("class") == "host") & (where("attributes").version == "2"),
    "with another": (where("n") > 20) & (where("class") == "disk"),
    "either": (where("class") == "host") | (where("n") == 1),
    "not": ~(where("class") == "host"),
    "nobody's": where("class") == "nothing",
    "none": where("class") == None,  # noqa: E711
    "a list": where("class") == ["host"],
    "a pattern": where("class").matches("disk|host"),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_an_indexed_search_finds_what_a_full_one_does_in_its_order(table: PackedTable, query: QueryInstance) -> None:
    table.update({"class": "host"}, where("n").one_of([50, 2, 4]))
    assert table.search(query) == [document for document in table if query(document)]
    table.insert_multiple([{"class": ["host"], "n": 60}, {"n": 61}, {"class": None, "n": 62}])
    assert table.search(query) == [document for document in table if query(document)]
    assert table.get(query) == next((document for document in table if query(document)), None)


def test_a_narrowed_query_looks_at_candidates_only(table: PackedTable) -> None:
    looked_at = []

    def look(n: Any) -> bool:
        looked_at.append(n)
        return True

    table.search((where("class") == "host") & where("n").test(look))
    assert len(looked_at) == 20


def test_tinydb_still_says_what_a_query_demands() -> None:
    """`Query._hash` is private: when a new TinyDB changes it, this is what fails."""
    query = (Query().a.b == 1) & ((where("c") == "x") & (where("d") > 2))
    assert sorted(equalities(query), key=str) == [(("a", "b"), 1), (("c",), "x")]
    for other in (where("a") != 1, ~(where("a") == 1), (where("a") == 1) | (where("b") == 1), where("a").map(len) == 1):
        assert equalities(other) == []
    assert equalities(lambda _: True) == []


async def test_a_stores_records_are_asked_in_tinydbs_words_and_not_written_so(tmp_path: Path) -> None:
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    await store.commit(batch(host("h1"), host("h2", status="retired")))
    table = store.table(Kind.CI)
    found = table.search((where("class") == "host") & (where("status") == "retired"))
    assert [(str(document.doc_id), document["version"]) for document in found] == [("h2", 1)]
    assert table.get(doc_id="h1")["name"] == "h1"
    with pytest.raises(TypeError, match="written by the ledger alone"):
        table.insert({"id": "h3"})
    with pytest.raises(TypeError, match="written by the ledger alone"):
        table.truncate()
    await store.close()
