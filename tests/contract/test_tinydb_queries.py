"""Every question of TinyDB's query language, put to stock TinyDB, to ours and to ours with indexes: the same answers.

Written anew to the behaviours that TinyDB 4.9's own `test_queries.py` and `test_operations.py` assert.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tinydb import Query, TinyDB, where
from tinydb.operations import add, decrement, delete, increment, subtract  # fmt: skip
from tinydb.operations import set as set_to
from tinydb.queries import QueryInstance
from tinydb.storages import MemoryStorage
from tinydb.table import Table

from cmdb.store.tinydb_storage import PackedTinyDB

DOCUMENTS: list[dict[str, Any]] = [
    {"n": 0, "name": "web1", "up": True, "tags": ["a", "b"], "net": {"ip": "10.0.0.1", "ports": [22, 80]}},
    {"n": 1, "name": "web2", "up": False, "tags": [], "net": {"ip": "10.0.0.2", "ports": []}},
    {"n": 2.5, "name": "db", "up": None, "tags": ["b"], "parts": [{"kind": "disk"}, {"kind": "cpu"}]},
    {"n": -1, "name": "DB\nold", "parts": [{"kind": "disk", "of": [{"maker": "x"}]}]},
    {"n": 1.0, "name": "", "net": None, "tags": "ab"},
    {"n": True, "name": "web1"},
    {},
]


class Packed(PackedTinyDB):
    """With indexes on what is asked."""

    def table(self, name: str, **options: Any) -> Table:
        return super().table(name, indexes=["n", "name", "up", "net.ip", "tags"], **options)


MAKERS: dict[str, Callable[[Path], TinyDB]] = {
    "stock": lambda _: TinyDB(storage=MemoryStorage),
    "packed": lambda directory: PackedTinyDB(directory / "db.sqlite"),
    "indexed": lambda directory: Packed(directory / "db.sqlite"),
}


@pytest.fixture(params=MAKERS)
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Table]:
    with MAKERS[request.param](tmp_path) as db:
        made = db.table("t")
        made.insert_multiple(DOCUMENTS)
        yield made


def is_long(value: Any, least: int = 0) -> bool:
    return len(value) >= least


def is_one_of(value: Any, values: Sequence[str] = ()) -> bool:
    return value in values


item: Any = Query()
NUMBER: Any = where("n").test(lambda value: isinstance(value, (int, float)))
QUESTIONS: dict[str, tuple[QueryInstance, list[int]]] = {
    "equal": (where("name") == "web1", [1, 6]),
    "equal to nothing there": (where("name") == "web9", []),
    "equal in value, not in type": (where("n") == 1, [2, 5, 6]),
    "equal to a bool": (where("up") == True, [1]),  # noqa: E712
    "equal to None": (where("up") == None, [3]),  # noqa: E711
    "equal to a list": (where("tags") == [], [2]),
    "equal to a dict": (where("net") == {"ip": "10.0.0.2", "ports": []}, [2]),
    "not equal": (where("name") != "web1", [2, 3, 4, 5]),
    "less": (NUMBER & (where("n") < 1), [1, 4]),
    "at most": (NUMBER & (where("n") <= 1), [1, 2, 4, 5, 6]),
    "greater": (NUMBER & (where("n") > 1), [3]),
    "at least": (NUMBER & (where("n") >= 1), [2, 3, 5, 6]),
    "there": (where("net").exists(), [1, 2, 5]),
    "there, within": (where("net").ip.exists(), [1, 2]),
    "within": (item.net.ip == "10.0.0.1", [1]),
    "within, by item": (item["net"]["ip"] == "10.0.0.2", [2]),
    "and": ((where("name") == "web1") & (where("up") == True), [1]),  # noqa: E712
    "and, which is not the same": ((where("name") == "web1") & (where("n") == 1), [6]),
    "or": ((where("name") == "db") | (where("name") == "web2"), [2, 3]),
    "not": (~(where("name") == "web1"), [2, 3, 4, 5, 7]),
    "not, of and": (~((where("name") == "web1") & (where("n") == 1)), [1, 2, 3, 4, 5, 7]),
    "either and both": (((where("n") == 1) | (where("n") == 0)) & (where("name") == "web1"), [1, 6]),
    "a pattern from the start": (where("name").matches("web"), [1, 2, 6]),
    "a pattern anywhere": (where("name").search("[12]$"), [1, 2, 6]),
    "a pattern with flags": (where("name").matches("db.old", flags=re.IGNORECASE | re.DOTALL), [4]),
    "a pattern on what is no text": (where("n").matches("1"), []),
    "a test": (where("tags").test(is_long, 1), [1, 3, 5]),
    "a test that takes a list": (where("name").test(is_one_of, ["db"]), [3]),
    "any of values": (where("tags").any(["a", "z"]), [1, 5]),
    "any that fits": (where("parts").any(where("kind") == "cpu"), [3]),
    "any within any": (where("parts").any(where("of").any(where("maker") == "x")), [4]),
    "all of values": (where("tags").all(["a", "b"]), [1, 5]),
    "all that fit": (where("parts").all(where("kind") == "disk"), [4]),
    "one of": (where("name").one_of(["db", "web2"]), [2, 3]),
    "a fragment": (item.fragment({"name": "web1", "up": True}), [1]),
    "a fragment within": (where("net").map(lambda net: net or {}).fragment({"ip": "10.0.0.1"}), [1]),
    "mapped": (where("name").map(str.upper) == "DB", [3]),
    "mapped, then within": (where("net").map(lambda net: net or {}).ip == "10.0.0.1", [1]),
    "no question": (item.noop(), [1, 2, 3, 4, 5, 6, 7]),
    "no question and one": (item.noop() & (where("name") == "db"), [3]),
}


@pytest.mark.parametrize("asked", QUESTIONS)
def test_a_question_finds_what_fits_in_the_order_of_insertion(table: Table, asked: str) -> None:
    query, expected = QUESTIONS[asked]
    assert [document.doc_id for document in table.search(query)] == expected
    assert table.count(query) == len(expected)
    assert table.contains(query) == bool(expected)
    first: Any = table.get(query)
    assert (first and first.doc_id) == next(iter(expected), None)


@pytest.mark.parametrize("asked", QUESTIONS)
def test_what_fits_is_what_is_updated_and_removed(table: Table, asked: str) -> None:
    query, expected = QUESTIONS[asked]
    assert table.update({"seen": 1}, query) == expected
    assert [document.doc_id for document in table.search(where("seen") == 1)] == expected
    assert table.remove(query) == expected
    assert len(table) == len(DOCUMENTS) - len(expected)


def test_a_question_without_a_field_is_refused() -> None:
    with pytest.raises(ValueError, match="no path"):
        _ = Query() == 2


def test_a_question_that_does_not_fit_the_values_says_so_on_every_table(table: Table) -> None:
    with pytest.raises(TypeError):
        table.search(where("name") < 2)


class Named(Query):
    """Somebody's own question."""

    def is_web(self) -> QueryInstance:
        return self.name.matches("web")  # type: ignore[no-any-return]


def test_a_query_class_of_ones_own_asks_too(table: Table) -> None:
    assert table.count(Named().is_web()) == 3


class Host:
    """Fields named after what they are, as an object mapper has them."""

    name = where("name")


def test_fields_of_a_class_ask_too(table: Table) -> None:
    assert table.count(Host.name == "db") == 1


Operation = Callable[[Any], None]
OPERATIONS: dict[str, tuple[Operation, Mapping[str, Any]]] = {
    "delete": (delete("up"), {"n": 2.5, "name": "db"}),
    "add": (add("n", 2), {"n": 4.5, "name": "db", "up": None}),
    "add text": (
        add("name", "7"),  # type: ignore[arg-type]  # TinyDB says numbers, and adds anything
        {"n": 2.5, "name": "db7", "up": None},
    ),
    "subtract": (subtract("n", 2), {"n": 0.5, "name": "db", "up": None}),
    "set": (set_to("name", "x"), {"n": 2.5, "name": "x", "up": None}),
    "increment": (increment("n"), {"n": 3.5, "name": "db", "up": None}),
    "decrement": (decrement("n"), {"n": 1.5, "name": "db", "up": None}),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_tinydbs_own_operations_change_the_one_that_is_asked_for(table: Table, operation: str) -> None:
    change, expected = OPERATIONS[operation]
    assert table.update(change, where("name") == "db") == [3]
    after: Any = table.get(doc_id=3)
    assert {name: after[name] for name in ("n", "name", "up") if name in after} == expected
    assert [document for document in table if document.doc_id != 3] == [*DOCUMENTS[:2], *DOCUMENTS[3:]]


def test_what_was_changed_is_found_by_what_it_is_now(table: Table) -> None:
    table.update(set_to("name", "new"), where("name") == "web1")
    assert table.search(where("name") == "web1") == []
    assert [document.doc_id for document in table.search(where("name") == "new")] == [1, 6]
