"""The values that an index is built from, one document at a time and many at once."""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.store.columns import Columns
from cmdb.store.index import path_of
from cmdb.store.seal import pack, seal

DOCUMENTS: list[dict[Any, Any]] = [
    {"name": "a", "tags": [1], "attributes": {"version": "1.0"}},
    {"tags": None},
    {1: "a key that is not text", "name": "b"},
]


@pytest.mark.parametrize("names", [("name", "tags"), ("name", "attributes.version")])
def test_many_together_give_the_same_as_each_alone(names: tuple[str, ...]) -> None:
    columns = Columns(map(path_of, names))
    sealed = [seal(pack(document), "row", 1) for document in DOCUMENTS]
    by_document = [columns.values(one) for one in sealed]
    assert list(zip(*columns.of_many(sealed), strict=True)) == by_document
    assert by_document[0][0] == "a"
    assert by_document[1][0] is None


def test_a_value_within_another_is_reached() -> None:
    columns = Columns([path_of("attributes.version")])
    assert columns.values(seal(pack(DOCUMENTS[0]), "row", 1)) == ("1.0",)
