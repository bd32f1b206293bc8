"""The rows of one view under one filter and order: a sorted list of keys, kept up row by row, never sorted anew.

Rows themselves stay in the store; only their keys are here, so that a view of 100,000 rows is a list of tuples.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from cmdb.filter.order import Key, Order

Row = dict[str, Any]
AT_ONCE = 250  # rows read before others get their turn: a few milliseconds
SORTED_AT_ONCE = 4000  # keys, for the same reason
MANY = 500  # so many changes at once are cheaper to sort in than to insert one by one


class ViewIndex:
    """Knows the position of every matching row. `accepts` is the filter."""

    def __init__(self, accepts: Callable[[Mapping[str, Any]], bool], order: Order) -> None:
        self._accepts = accepts
        self._order = order
        self._keys: dict[str, Key] = {}
        self._sorted: list[Key] = []
        self._known: set[str] = set()

    @property
    def total(self) -> int:
        """Rows of the view, matching or not."""
        return len(self._known)

    @property
    def matched(self) -> int:
        return len(self._sorted)

    async def load(self, rows: AsyncIterator[Row]) -> None:
        """Take these rows as all there are, and let others work in between."""
        self._known, self._keys = set(), {}
        number = 0
        async for row in rows:
            self._known.add(row["id"])
            if self._accepts(row):
                self._keys[row["id"]] = self._order.key(row)
            number += 1
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        self._sorted = await _in_order(list(self._keys.values()))

    def update(self, rows: Mapping[str, Row | None]) -> bool:
        """These rows are new, other or (None) gone; whether the order of ids or a count changed."""
        gone: list[Key] = []
        come: list[Key] = []
        total = self.total
        for id_, row in rows.items():
            before = self._keys.get(id_)
            after = self._order.key(row) if row is not None and self._accepts(row) else None
            self._known.add(id_) if row is not None else self._known.discard(id_)
            if before == after:
                continue
            if before is not None:
                gone.append(before)
                del self._keys[id_]
            if after is not None:
                come.append(after)
                self._keys[id_] = after
        self._move(gone, come)
        return bool(gone or come) or self.total != total

    def window(self, offset: int, limit: int) -> list[str]:
        """The ids at these positions."""
        return [key[-1] for key in self._sorted[offset : offset + limit]]

    def position(self, id_: str) -> int | None:
        """Where this row stands; None when it does not match."""
        key = self._keys.get(id_)
        return None if key is None else bisect_left(self._sorted, key)

    def _move(self, gone: list[Key], come: list[Key]) -> None:
        if len(gone) + len(come) > MANY:
            self._sorted = sorted(self._keys.values())
            return
        for key in gone:
            del self._sorted[bisect_left(self._sorted, key)]
        for key in come:
            insort(self._sorted, key)


async def _in_order(keys: Sequence[Key]) -> list[Key]:
    """Sorted in runs that are then joined two by two (which `sorted` does at a glance): others work in between."""
    runs: list[list[Key]] = []
    for start in range(0, len(keys), SORTED_AT_ONCE):
        runs.append(sorted(keys[start : start + SORTED_AT_ONCE]))
        await asyncio.sleep(0)
    while len(runs) > 1:
        joined = []
        for first in range(0, len(runs), 2):
            joined.append(sorted(runs[first] + (runs[first + 1] if first + 1 < len(runs) else [])))
            await asyncio.sleep(0)
        runs = joined
    return runs[0] if runs else []
