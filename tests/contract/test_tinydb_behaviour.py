"""What people expect of a TinyDB table, held against stock TinyDB and against ours alike.

Written anew to the behaviours that TinyDB 4.9's own `test_tables.py` and `test_tinydb.py` assert. Where ours differs
on purpose, `test_tinydb_differences.py` says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tinydb import Query, TinyDB, where
from tinydb.storages import MemoryStorage
from tinydb.table import Document

from cmdb.store.tinydb_storage import PackedTinyDB

LETTERS = [{"int": 1, "char": char} for char in "abc"]
MAKERS: dict[str, Callable[[Path], TinyDB]] = {
    "stock memory": lambda _: TinyDB(storage=MemoryStorage),
    "stock json": lambda directory: TinyDB(directory / "db.json"),
    "packed": lambda directory: PackedTinyDB(directory / "db.sqlite"),
}
Reopened = Callable[[], TinyDB]


@pytest.fixture(params=MAKERS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TinyDB]:
    with MAKERS[request.param](tmp_path) as db:
        yield db


@pytest.fixture
def db(empty: TinyDB) -> TinyDB:
    empty.insert_multiple(dict(letter) for letter in LETTERS)
    return empty


@pytest.fixture(params=["stock json", "packed"])
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reopened]:
    """Each call closes the database and opens it again."""
    current: list[TinyDB] = []

    def again() -> TinyDB:
        if current:
            current.pop().close()
        current.append(MAKERS[request.param](tmp_path))
        return current[0]

    yield again
    current[0].close()


class Words(Mapping[str, Any]):
    """A mapping that is no dict."""

    def __init__(self, **words: Any) -> None:
        self.words = words

    def __getitem__(self, key: str) -> Any:
        return self.words[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __len__(self) -> int:
        return len(self.words)


# Inserting


def test_ids_are_counted_from_one(empty: TinyDB) -> None:
    assert [empty.insert({}), empty.insert({})] == [1, 2]
    assert empty.insert_multiple([{}, {}]) == [3, 4]


def test_an_id_can_be_given_and_is_counted_on_from(empty: TinyDB) -> None:
    assert empty.insert(Document({"a": 1}, 12)) == 12
    assert empty.insert({"a": 2}) == 13
    assert empty.insert_multiple([Document({"a": 3}, 77)]) == [77]
    assert empty.get(doc_id=77) == {"a": 3}


def test_an_id_that_is_taken_is_refused(db: TinyDB) -> None:
    with pytest.raises(ValueError, match="1 already exists"):
        db.insert(Document({}, 1))
    with pytest.raises(ValueError, match="2 already exists"):
        db.insert_multiple([Document({}, 2)])
    assert len(db) == 3


def test_documents_come_from_any_iterable(empty: TinyDB) -> None:
    empty.insert_multiple({"int": n} for n in range(10))
    assert [empty.count(where("int") == n) for n in range(11)] == [1] * 10 + [0]


def test_any_mapping_is_a_document(empty: TinyDB) -> None:
    empty.insert(Words(int=1))
    empty.insert_multiple([Words(int=2), Words(int=3)])
    empty.update(Words(int=4), where("int") == 3)
    assert empty.all() == [{"int": 1}, {"int": 2}, {"int": 4}]


@pytest.mark.parametrize("no_document", [[1, 2], {"bark"}, object(), "text"])
def test_what_is_no_mapping_is_refused(db: TinyDB, no_document: Any) -> None:
    with pytest.raises(ValueError, match="not a Mapping"):
        db.insert(no_document)
    assert db.all() == LETTERS


def test_one_dict_is_not_many_documents(db: TinyDB) -> None:
    with pytest.raises(ValueError, match="not a Mapping"):
        db.insert_multiple({"first": "John"})


def test_what_cannot_be_kept_is_refused_and_nothing_is_lost(reopened: Reopened) -> None:
    db = reopened()
    db.insert_multiple([{"int": 1}, {"int": 2}])
    with pytest.raises(TypeError):
        db.insert({"int": object()})
    assert db.insert({"int": 3}) in {3, 4}
    assert reopened().all() == [{"int": 1}, {"int": 2}, {"int": 3}]


# Reading


def test_all_and_iteration_are_in_order_of_insertion(db: TinyDB) -> None:
    assert db.all() == list(db) == LETTERS
    assert [document.doc_id for document in db] == [1, 2, 3]


def test_get_takes_a_query_an_id_or_several(db: TinyDB) -> None:
    found = db.get(where("char") == "b")
    assert isinstance(found, Document)
    assert (found, found.doc_id) == ({"int": 1, "char": "b"}, 2)
    assert db.get(doc_id=2) == found
    assert db.get(where("char") == "z", doc_id=2) == found
    assert db.get(doc_ids=[3, 1, 9]) == [LETTERS[0], LETTERS[2]]
    assert db.get(where("char") == "z") is None
    assert db.get(doc_id=88) is None
    assert db.get(doc_id=float("nan")) is None


def test_get_and_contains_without_anything_are_refused(db: TinyDB) -> None:
    with pytest.raises(RuntimeError, match="pass either cond"):
        db.get()
    with pytest.raises(RuntimeError, match="pass either cond"):
        db.contains()


def test_contains_takes_a_query_or_an_id(db: TinyDB) -> None:
    assert db.contains(where("int") == 1)
    assert not db.contains(where("int") == 0)
    assert db.contains(doc_id=2)
    assert not db.contains(doc_id=88)


def test_search_and_count_find_what_the_query_accepts(db: TinyDB) -> None:
    assert db.search(where("int") == 1) == LETTERS
    assert db.search((where("int") == 1) & (where("char") == "c")) == LETTERS[2:]
    assert db.count(where("char").one_of(["a", "b"])) == 2
    assert db.count(where("missing").exists()) == 0


def test_a_query_reaches_into_nested_documents(empty: TinyDB) -> None:
    empty.insert({"network": {"id": "114", "name": "ok"}})
    assert empty.search(Query().network.id == "114") == [{"network": {"id": "114", "name": "ok"}}]
    empty.remove(Query().network.id == "114")
    assert empty.search(Query().network.id == "114") == []


def test_a_plain_function_is_a_query(db: TinyDB) -> None:
    assert db.search(lambda document: document["char"] > "a") == LETTERS[1:]


def test_a_query_whose_function_changes_is_asked_anew(db: TinyDB) -> None:
    offset = [0]
    query = where("int").map(lambda value: value + offset[0]) == 1
    assert db.count(query) == 3
    offset[0] = 1
    assert db.count(query) == 0


def test_a_result_can_be_extended_without_harm(db: TinyDB) -> None:
    found = db.search(where("char") == "a")
    found.append(Document({}, 99))
    assert db.search(where("char") == "a") == LETTERS[:1]


# Changing


def test_update_sets_fields_by_query_by_id_or_everywhere(db: TinyDB) -> None:
    assert db.update({"int": 2}, where("char") == "a") == [1]
    assert db.update({"int": 3}, doc_ids=[2, 99]) == [2]
    assert db.update({"new": True}) == [1, 2, 3]
    assert [(document["int"], document["new"]) for document in db] == [(2, True), (3, True), (1, True)]


def test_update_takes_a_function_that_changes_in_place(db: TinyDB) -> None:
    def lose_char(document: Any) -> None:
        del document["char"]

    assert db.update(lose_char, where("char") == "b") == [2]
    assert db.all() == [LETTERS[0], {"int": 1}, LETTERS[2]]


def test_update_multiple_pairs_fields_with_queries(db: TinyDB) -> None:
    def grow(document: Any) -> None:
        document["int"] += 1

    assert db.update_multiple([({"int": 7}, where("char") == "a"), (grow, where("int") == 7)]) == [1, 1]
    assert [document["int"] for document in db] == [8, 1, 1]


def test_upsert_updates_or_inserts(db: TinyDB) -> None:
    assert db.upsert({"int": 5}, where("int") == 1) == [1, 2, 3]
    assert db.upsert({"int": 9, "char": "x"}, where("char") == "x") == [4]
    assert db.upsert(Document({"char": "v"}, doc_id=1)) == [1]
    assert db.get(doc_id=1) == {"int": 5, "char": "v"}
    assert db.upsert(Document({"char": "w"}, doc_id=7)) == [7]
    assert db.insert({}) == 8
    with pytest.raises(ValueError, match="doc_id"):
        db.upsert({"no": "query"})


def test_remove_takes_a_query_or_ids_but_not_nothing(db: TinyDB) -> None:
    assert db.remove(where("char") == "b") == [2]
    assert db.remove(doc_ids=[1, 99]) == [1]
    with pytest.raises(RuntimeError, match="truncate"):
        db.remove()
    assert db.all() == LETTERS[2:]


def test_truncate_empties_and_counts_anew(db: TinyDB) -> None:
    db.truncate()
    assert len(db) == 0
    assert db.insert({}) == 1


def test_a_change_that_fails_midway_changes_nothing(reopened: Reopened) -> None:
    db = reopened()
    db.insert_multiple(dict(letter) for letter in LETTERS)

    def fail_at_b(document: Any) -> None:
        document["int"] = 5
        if document["char"] == "b":
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        db.update(fail_at_b)
    assert db.all() == LETTERS
    assert reopened().all() == LETTERS


# Tables


def test_tables_are_apart(empty: TinyDB) -> None:
    for char in "abc":
        empty.table(f"table {char}").insert({"char": char})
    assert empty.tables() == {"table a", "table b", "table c"}
    assert empty.table("table b").all() == [{"char": "b"}]
    assert len(empty) == 0


def test_a_table_is_made_once(empty: TinyDB) -> None:
    assert empty.table("one") is empty.table("one")
    assert empty.table("one").name == "one"


def test_dropping_a_table_leaves_the_others(db: TinyDB) -> None:
    db.table("other").insert({"a": 1})
    db.drop_table("_default")
    db.drop_table("never there")
    assert db.tables() == {"other"}
    assert len(db) == 0
    assert db.insert({}) == 1


def test_dropping_all_tables_empties_also_those_held(db: TinyDB) -> None:
    held = db.table("other")
    held.insert({"a": 1})
    db.drop_tables()
    assert (db.tables(), len(held), len(db)) == (set(), 0, 0)


def test_an_empty_table_is_there_if_asked_for(empty: TinyDB) -> None:
    empty.table("kept", persist_empty=True)
    empty.table("not kept")
    assert empty.tables() == {"kept"}


def test_a_database_says_what_it_holds(db: TinyDB) -> None:
    assert re.fullmatch(
        r"<\w*TinyDB tables=\['_default'\], tables_count=1, default_table_documents_count=3, "
        r"all_tables_documents_count=\['_default=3'\]>",
        repr(db),
    )


# Reopening


def test_documents_ids_and_order_last(reopened: Reopened) -> None:
    db = reopened()
    db.insert_multiple({"n": n} for n in range(100))
    db.table("other").insert(Document({"x": [1, {"y": None}]}, 5))
    db.remove(doc_ids=[50])
    db = reopened()
    assert [document.doc_id for document in db] == [n for n in range(1, 101) if n != 50]
    assert db.table("other").get(doc_id=5) == {"x": [1, {"y": None}]}
    assert db.insert({"n": 100}) == 101


def test_an_updated_document_keeps_its_place(reopened: Reopened) -> None:
    db = reopened()
    db.insert_multiple(dict(letter) for letter in LETTERS)
    db.update({"int": 2}, doc_ids=[1])
    assert [document.doc_id for document in reopened()] == [1, 2, 3]


def test_opening_and_closing_changes_nothing(reopened: Reopened) -> None:
    reopened().insert({"a": 1})
    reopened()
    assert reopened().all() == [{"a": 1}]
