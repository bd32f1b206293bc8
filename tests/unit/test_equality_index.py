"""Many documents put into an index at once are found as if each had been put in alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cmdb.store.index import EqualityIndex

VALUES = st.sampled_from(["a", "b", 1, 1.0, True, None]) | st.lists(st.integers(0, 1), max_size=1)


def ids_of(index: EqualityIndex, value: Any, order: Sequence[str]) -> list[str]:
    return list(index.candidates(value, order))


@given(st.lists(st.lists(VALUES, max_size=4) | st.integers(1, 4).map(lambda n: ["a"] * n), max_size=5))
def test_together_or_alone(runs: list[list[Any]]) -> None:
    together, alone = EqualityIndex(), EqualityIndex()
    order: list[str] = []
    for run in runs:
        ids = [f"id-{len(order) + n}" for n in range(len(run))]
        order += ids
        together.extend(run, ids)
        for value, id_ in zip(run, ids, strict=True):
            alone.add(value, id_, newest=True)
    for value in ("a", "b", 1, None, [0], "nobody's"):
        assert ids_of(together, value, order) == ids_of(alone, value, order)
        assert together.count(value) == alone.count(value)
