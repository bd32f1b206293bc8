"""A section leaves the host in messages of a bounded size, whole and in order."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from agent.scan_child import PART_BYTES, parts
from agent.wire import Item

items = st.lists(st.integers(1, 100_000), max_size=30)


@given(items)
def test_parts_are_bounded_and_make_the_section(sizes: list[int]) -> None:
    sent = [Item("package", f"p{n}", "p", {"text": "x" * size}) for n, size in enumerate(sizes)]
    made = list(parts(3, "dpkg", sent))
    assert [item for part in made for item in part.items] == sent
    assert [part.part for part in made] == list(range(len(made)))
    assert [part.last for part in made] == [False] * (len(made) - 1) + [True]
    assert all(len(msgspec.msgpack.encode(part)) < PART_BYTES + 100_000 for part in made)


def test_what_is_gone_is_named_once_with_the_last_part() -> None:
    sent = [Item("package", f"dpkg/{n}", "p" * 200_000) for n in range(3)]
    made = list(parts(3, "dpkg", sent, "then", [("package", "dpkg/old")]))
    assert [part.base for part in made] == ["then"] * 3
    assert [part.gone for part in made] == [[], [], [("package", "dpkg/old")]]
