"""A table that is loaded at once finds what one that was filled document by document finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cmdb.store.index import path_of
from cmdb.store.packed import PackedRows
from cmdb.store.seal import pack, seal

DOCUMENTS = st.fixed_dictionaries(
    {}, optional={"class": st.sampled_from(["host", "os"]), "status": st.sampled_from(["in_use", ["odd"], None])}
)


@given(st.lists(st.lists(DOCUMENTS, min_size=1, max_size=4), max_size=5))
def test_loaded_in_chunks_or_put_one_by_one(chunks: list[list[dict[str, Any]]]) -> None:
    at_once, one_by_one = PackedRows(("class", "status")), PackedRows(("class", "status"))
    packed = [[seal(pack(document), "row", 1) for document in chunk] for chunk in chunks]
    ids = [[f"{n}-{m}" for m in range(len(chunk))] for n, chunk in enumerate(chunks)]
    at_once.load(zip(ids, packed, strict=True))
    for chunk_ids, chunk in zip(ids, packed, strict=True):
        one_by_one.apply(dict(zip(chunk_ids, chunk, strict=True)))
    assert found_in(at_once) == found_in(one_by_one)
    for table in (at_once, one_by_one):
        for chunk_ids in ids[::2]:
            table.apply(dict.fromkeys(chunk_ids))
    assert found_in(at_once) == found_in(one_by_one)


def found_in(table: PackedRows) -> Sequence[Any]:
    asked = [("class", "host"), ("class", None), ("status", "in_use"), ("status", ["odd"]), ("status", None)]
    return [list(table.rows), *(list(table.candidates([(path_of(name), value)])) for name, value in asked)]
