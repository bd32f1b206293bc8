"""Random operations on stock TinyDB and on ours, closed and opened again in between: no difference."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tinydb import TinyDB, where
from tinydb.queries import QueryInstance
from tinydb.table import Document

from cmdb.store.tinydb_storage import PackedTinyDB

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["host", "disk", "", "ü\0'", 2**63, -(2**63), 0.5, 1.0]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
CLASSES = st.sampled_from(["host", "disk"])
FIELDS = st.fixed_dictionaries({}, optional={"class": CLASSES, "host": CLASSES | VALUES, "deep": VALUES})
IDS = st.lists(st.integers(0, 12), max_size=3)


def query_of(path: list[str], value: Any) -> QueryInstance:
    query: Any = where(path[0])
    for part in path[1:]:
        query = query[part]
    equal: QueryInstance = query == value
    return equal


EQUAL = st.builds(query_of, st.sampled_from([["class"], ["host"]]), CLASSES) | st.builds(
    query_of, st.sampled_from([["class"], ["host"], ["deep"], ["deep", "a"]]), VALUES
)
QUERIES = st.recursive(
    EQUAL | st.builds(lambda field: where(field).exists(), st.sampled_from(["class", "host"])),
    lambda inner: (
        st.builds(lambda a, b: a & b, inner, inner)
        | st.builds(lambda a, b: a | b, inner, inner)
        | st.builds(lambda a: ~a, inner)
    ),
    max_leaves=4,
)


def wipe(document: Any) -> None:
    document.pop("class", None)
    document.setdefault("deep", [])
    document.update(host="wiped")


Operation = Callable[[Any], Any]
OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.builds(lambda fields: lambda t: t.insert(fields), FIELDS),
    st.builds(lambda fields, id_: lambda t: t.insert(Document(fields, id_)), FIELDS, st.integers(0, 12)),
    st.builds(lambda many: lambda t: t.insert_multiple(many), st.lists(FIELDS, max_size=4)),
    st.builds(lambda fields, query: lambda t: t.update(fields, query), FIELDS, QUERIES),
    st.builds(lambda fields, ids: lambda t: t.update(fields, doc_ids=ids), FIELDS, IDS),
    st.builds(lambda query: lambda t: t.update(wipe, query), QUERIES),
    st.builds(lambda a, b, q, r: lambda t: t.update_multiple([(a, q), (b, r)]), FIELDS, FIELDS, QUERIES, QUERIES),
    st.builds(lambda fields, query: lambda t: t.upsert(fields, query), FIELDS, QUERIES),
    st.builds(lambda fields, id_: lambda t: t.upsert(Document(fields, id_)), FIELDS, st.integers(0, 12)),
    st.builds(lambda query: lambda t: t.remove(query), QUERIES),
    st.builds(lambda ids: lambda t: t.remove(doc_ids=ids), IDS),
    st.builds(lambda query: lambda t: (t.search(query), t.get(query), t.count(query), t.contains(query)), QUERIES),
    st.builds(lambda ids: lambda t: (t.get(doc_ids=ids), [t.get(doc_id=id_) for id_ in ids]), IDS),
    st.just(lambda t: t.truncate()),
    st.just(None),  # close and open again
)


def opened(directory: Path) -> tuple[TinyDB, TinyDB]:
    return TinyDB(directory / "db.json"), PackedTinyDB(directory / "db.sqlite")


def close(*databases: TinyDB) -> None:
    for database in databases:
        database.close()


def outcome(operation: Operation, table: Any) -> Any:
    try:
        return operation(table)
    except (ValueError, TypeError, KeyError) as error:
        return type(error)


def contents(db: TinyDB) -> list[tuple[int, dict[str, Any]]]:
    return [(document.doc_id, dict(document)) for document in table_of(db)]


def table_of(db: TinyDB) -> Any:
    return db.table("t", indexes=["class", "host", "deep.a"]) if isinstance(db, PackedTinyDB) else db.table("t")


@pytest.mark.slow
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(OPERATIONS, max_size=25))
def test_ours_and_stock_tinydb_answer_alike(operations: list[Operation | None]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        stock, ours = opened(Path(directory))
        for operation in operations:
            if operation is None:
                close(stock, ours)
                stock, ours = opened(Path(directory))
            else:
                expected = outcome(operation, table_of(stock))
                assert repr(outcome(operation, table_of(ours))) == repr(expected)
            assert repr(contents(ours)) == repr(contents(stock))
        close(stock, ours)
