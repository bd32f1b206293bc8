"""What stands behind something dead is unreachable, not dead; and one that stands in is enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.reach import CircularParents, Group, blockers, verify

ONE_ROUTER = {"web": (Group(("switch",)),), "switch": (Group(("router",)),)}
TWO_ROUTERS = {"web": (Group(("switch",)),), "switch": (Group(("east", "west"), name="routers"),)}
THREE_NAMESERVERS = {"web": (Group(("a", "b", "c"), needed=2),)}


def of(parents: Mapping[str, Sequence[Group]]) -> Callable[[str], Sequence[Group]]:
    return lambda node: parents.get(node, ())


@pytest.mark.parametrize(
    ("parents", "node", "down", "expected"),
    [
        (ONE_ROUTER, "web", [], ()),
        (ONE_ROUTER, "web", ["web"], ()),
        (ONE_ROUTER, "web", ["switch"], ("switch",)),
        (ONE_ROUTER, "web", ["router"], ("router",)),
        (ONE_ROUTER, "web", ["router", "switch"], ("router",)),
        (ONE_ROUTER, "switch", ["switch"], ()),
        (TWO_ROUTERS, "web", ["east"], ()),
        (TWO_ROUTERS, "web", ["east", "west"], ("east", "west")),
        (THREE_NAMESERVERS, "web", ["a"], ()),
        (THREE_NAMESERVERS, "web", ["a", "c"], ("a", "c")),
        ({}, "web", ["web"], ()),
    ],
)
def test_the_nearest_cause_is_named(
    parents: dict[str, tuple[Group, ...]], node: str, down: list[str], expected: tuple[str, ...]
) -> None:
    assert blockers(node, of(parents), down) == expected


def test_every_group_must_hold() -> None:
    parents = {"web": (Group(("a", "b"), name="power"), Group(("net",)))}
    assert blockers("web", of(parents), ["a"]) == ()
    assert blockers("web", of(parents), ["a", "net"]) == ("net",)


def test_a_circle_is_a_mistake_and_is_named() -> None:
    parents = {"a": (Group(("b",)),), "b": (Group(("c",)),), "c": (Group(("a",)),)}
    with pytest.raises(CircularParents) as caught:
        verify(parents)
    assert caught.value.circle == ("a", "b", "c", "a")


def test_a_group_that_can_never_hold_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="3 of 2 parents can never hold"):
        verify({"a": (Group(("b", "c"), needed=3),)})


def test_a_long_chain_is_no_circle_and_is_walked() -> None:
    chain = {str(n): (Group((str(n + 1),)),) for n in range(50_000)}
    verify(chain)
    assert blockers("0", of(chain), ["50000"]) == ("50000",)


def test_what_was_observed_to_depend_on_each_other_is_lost_only_for_a_reason_outside() -> None:
    circle = {"a": (Group(("b",)),), "b": (Group(("a",)), Group(("switch",)))}
    assert blockers("a", of(circle), []) == ()
    assert blockers("a", of(circle), ["switch"]) == ("switch",)
    assert blockers("a", of(circle), ["b"]) == ("b",)
    assert blockers("a", of(circle), ["a"]) == ()


graphs = st.dictionaries(
    st.integers(0, 9),
    st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True), max_size=2),
    max_size=10,
)


@given(graphs, st.sets(st.integers(0, 9)), st.integers(0, 9))
def test_more_down_never_makes_more_reachable(graph: dict[int, list[list[int]]], down: set[int], one_more: int) -> None:
    # Parents always have a higher number: no circle.
    parents = {
        str(node): tuple(Group(members) for group in groups if (members := tuple(str(m) for m in group if m > node)))
        for node, groups in graph.items()
    }
    verify(parents)
    before, after = {str(n) for n in down}, {str(n) for n in down | {one_more}}
    for node in parents:
        if blockers(node, of(parents), before):
            assert blockers(node, of(parents), after)
        assert set(blockers(node, of(parents), before)) <= before
