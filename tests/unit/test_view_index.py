"""A view's keys: in order however many there are, and others get their turn while they are sorted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cmdb.filter import parse_sort
from cmdb.hub.view_index import SORTED_AT_ONCE, ViewIndex


async def rows_of(numbers: list[int]) -> AsyncIterator[dict[str, Any]]:
    for number in numbers:
        yield {"id": str(number), "name": f"host-{number}"}


@pytest.mark.parametrize("count", [0, 1, SORTED_AT_ONCE, 3 * SORTED_AT_ONCE + 1])
@pytest.mark.parametrize(("sort", "falling"), [("name", False), ("-name", True)])
async def test_a_view_is_in_order_at_any_length(count: int, sort: str, falling: bool) -> None:
    numbers = random.Random(count).sample(range(count), count)
    index = ViewIndex(lambda _row: True, parse_sort(sort))
    await index.load(rows_of(numbers))
    assert index.window(0, count) == [str(number) for number in sorted(numbers, reverse=falling)]
    assert [index.position(id_) for id_ in index.window(0, count)] == list(range(count))


async def test_others_work_while_many_rows_are_read_and_sorted() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    working = asyncio.create_task(others())
    await ViewIndex(lambda _row: True, parse_sort("-name")).load(rows_of(list(range(3 * SORTED_AT_ONCE))))
    working.cancel()
    assert turns > 3 * SORTED_AT_ONCE / 250
