"""Orders are total and stable, and what has no value comes last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.filter import FilterError, parse_sort

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def ordered(sort: str, *documents: dict[str, Any]) -> list[str]:
    return [document["id"] for document in sorted(documents, key=parse_sort(sort).key)]


def test_names_sort_as_people_count() -> None:
    assert ordered("name", *({"id": n, "name": n} for n in ("web-10", "Web-2", "db-1"))) == ["db-1", "Web-2", "web-10"]


@pytest.mark.parametrize("sort", ["priority", "-priority"])
def test_nothing_comes_last_in_both_directions(sort: str) -> None:
    assert ordered(sort, {"id": "a"}, {"id": "b", "priority": 1}, {"id": "c", "priority": None}) == ["b", "a", "c"]


def test_the_second_field_decides_between_equals_and_the_id_after_that() -> None:
    rows = [
        {"id": "3", "priority": 1, "opened_at": NOW},
        {"id": "2", "priority": 1, "opened_at": NOW - timedelta(hours=1)},
        {"id": "1", "priority": 1, "opened_at": NOW - timedelta(hours=1)},
        {"id": "4", "priority": 2, "opened_at": NOW},
    ]
    assert ordered("-priority,-age", *rows) == ["4", "1", "2", "3"]
    assert ordered("-priority,age", *rows) == ["4", "3", "1", "2"]


def test_attributes_and_metrics_can_be_sorted_by_name() -> None:
    full = {"id": "full", "metrics": {"used_percent": 90.0}}
    empty = {"id": "empty", "metrics": {"used_percent": 1.0}}
    assert ordered("-used_percent", empty, full) == ["full", "empty"]


@pytest.mark.parametrize("sort", ["a,,b", "-", "name,na me", ",".join("abcdefghi")])
def test_what_is_no_order_is_refused(sort: str) -> None:
    with pytest.raises(FilterError):
        parse_sort(sort)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.datetimes()
documents = st.lists(st.fixed_dictionaries({"x": scalars, "y": scalars}), max_size=6)


@given(documents, st.sampled_from(["x", "-x", "x,-y", "-x,y", ""]), st.randoms())
def test_any_values_have_one_order_whichever_way_they_came(found: list[dict[str, Any]], sort: str, random: Any) -> None:
    rows = [{"id": str(index), **document} for index, document in enumerate(found)]
    shuffled = random.sample(rows, len(rows))
    assert ordered(sort, *rows) == ordered(sort, *shuffled)
    assert str(parse_sort(sort)) == sort


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cn"])) | st.text("aZ019-", max_size=6), min_size=2))
def test_text_that_descends_is_in_exactly_the_other_order(texts: list[str]) -> None:
    def ranked(sort: str) -> list[tuple[Any, ...]]:
        order = parse_sort(sort)
        return [order.key({"id": "", "name": text}) for text in texts if text]

    forward, backward = ranked("name"), ranked("-name")
    for one in range(len(forward)):
        for other in range(len(forward)):
            assert (forward[one] < forward[other]) == (backward[one] > backward[other])
