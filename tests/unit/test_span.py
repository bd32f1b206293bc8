from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cmdb.practices.span import Span, Spans, difference, duration_s, intersection, union, within

ZERO = datetime(2026, 1, 1, tzinfo=UTC)


def hours(*pairs: tuple[int, int]) -> list[Span]:
    return [Span(ZERO + timedelta(hours=start), ZERO + timedelta(hours=end)) for start, end in pairs]


spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))).map(lambda pairs: hours(*pairs))
unions = spans.map(union)


def covered(found: Spans | list[Span]) -> set[int]:
    return {hour for hour in range(41) for start, end in found if start <= ZERO + timedelta(hours=hour) < end}


def test_spans_that_touch_or_overlap_become_one() -> None:
    assert union(hours((3, 5), (1, 2), (4, 6), (2, 3), (9, 9))) == tuple(hours((1, 6)))


@given(spans)
def test_a_union_covers_what_its_spans_cover(found: list[Span]) -> None:
    assert covered(union(found)) == covered(found)


@given(unions, unions)
def test_intersection_and_difference_are_those_of_sets(left: Spans, right: Spans) -> None:
    assert covered(intersection(left, right)) == covered(left) & covered(right)
    assert covered(difference(left, right)) == covered(left) - covered(right)
    assert duration_s(intersection(left, right)) + duration_s(difference(left, right)) == duration_s(left)


@given(unions, st.integers(0, 40), st.integers(0, 40))
def test_within_is_the_intersection_with_one_span(found: Spans, start: int, end: int) -> None:
    [window] = hours((start, end))
    assert within(found, window) == intersection(found, union([window]))
