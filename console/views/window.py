"""A window of a long list, and a cursor that stays on its record. Not where the rows come from, not how they are drawn.

The hub keeps the order; here are the rows around what is looked at. The cursor is an id: when the order changes the
cursor goes with its record, and when the record is gone it stays where it was. Until somebody has moved it, it is at
the top, whatever is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from console.views.cells import Row

SPARE_PAGES = 2  # kept loaded above and below what is seen


class Window:
    """`offset`, `ids` and `rows` are what is loaded of `matched` rows; `top` is the first one seen."""

    def __init__(self) -> None:
        self.total = 0
        self.matched = 0
        self.offset = 0
        self.ids: Sequence[str] = ()
        self.rows: Mapping[str, Row] = {}
        self.loaded = False
        self.waiting = True  # what is asked for now has not been answered: rows are of what was asked before
        self.top = 0
        self.height = 1
        self.cursor = 0
        self.cursor_id: str | None = None
        self.touched = False
        self.lost = False  # the cursor's record is not in this window: it moved away, or is gone
        self.marked: dict[str, Row] = {}  # also what is not loaded now

    def at(self, index: int) -> Row | None:
        """The row at this place of the whole list; None when it is not loaded."""
        position = index - self.offset
        return self.rows.get(self.ids[position]) if 0 <= position < len(self.ids) else None

    @property
    def current(self) -> Row | None:
        """The row that the cursor is on."""
        return self.at(self.cursor)

    def take(self, *, total: int, matched: int, offset: int, ids: Sequence[str], rows: Mapping[str, Row]) -> None:
        """What the hub says that this window holds now."""
        self.total, self.matched, self.offset, self.ids, self.rows = total, matched, offset, tuple(ids), rows
        self.loaded, self.waiting = True, False
        self.marked = {id_: rows.get(id_, row) for id_, row in self.marked.items() if id_ in rows or not self._is_whole}
        self._follow()

    @property
    def _is_whole(self) -> bool:
        """Every row of the view is here, so that what is not here is gone."""
        return len(self.ids) == self.matched == self.total

    def take_all(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """A short list that is whole."""
        held = {str(row["id"]): row for row in rows}
        self.take(total=len(held), matched=len(held), offset=0, ids=tuple(held), rows=held)

    def resize(self, height: int) -> None:
        self.height = max(1, height)
        self._show_cursor()

    def move(self, steps: int) -> None:
        """The cursor down by so many rows (up, when negative)."""
        self.move_to(self.cursor + steps)

    def move_to(self, index: int) -> None:
        self.touched = True
        self.lost = False
        self.cursor = max(0, min(index, self.matched - 1))
        self._name_cursor()
        self._show_cursor()

    def scroll(self, rows: int) -> None:
        """Look further down; the cursor stays as long as it is seen."""
        self.top = max(0, min(self.top + rows, self.matched - self.height))
        inside = max(self.top, min(self.cursor, self.top + self.height - 1))
        if inside != self.cursor:
            self.move_to(inside)

    def pin(self, id_: str | None) -> None:
        """Look for this record, as after coming back to a list."""
        self.cursor_id, self.touched = id_, id_ is not None

    def restart(self) -> None:
        """Another order or filter: from the top, the rows seen stay until the new ones are there."""
        self.top = self.cursor = 0
        self.touched = self.lost = False
        self.waiting = True
        self.cursor_id = None

    def toggle_mark(self) -> None:
        """Mark the cursor's row, or no longer, and go on to the next."""
        row = self.current
        if row is not None:
            if self.marked.pop(str(row["id"]), None) is None:
                self.marked[str(row["id"])] = row
            self.move(1)

    def mark_all(self, rows: Mapping[str, Row]) -> None:
        """Mark these, all that match; none any more when all of them are marked already."""
        self.marked = {} if rows.keys() <= self.marked.keys() else {**self.marked, **rows}

    @property
    def hidden_marks(self) -> set[str]:
        """What is marked and not among the rows that are loaded: further away, or another filter's."""
        return self.marked.keys() - self.rows.keys()

    def missing(self) -> tuple[int, int] | None:
        """The (offset, limit) to ask for; None while all that is seen is loaded with some to spare."""
        limit = self.height * (1 + 2 * SPARE_PAGES)
        first, last = self.top, min(self.matched, self.top + self.height)
        near_start = first - self.height // 2 < self.offset and self.offset > 0
        near_end = last + self.height // 2 > self.offset + len(self.ids) and self.offset + len(self.ids) < self.matched
        if not (near_start or near_end):
            return None
        wished = max(0, min(first - SPARE_PAGES * self.height, self.matched - limit)), limit
        return None if wished == (self.offset, len(self.ids)) else wished

    def _follow(self) -> None:
        """Put the cursor where its record is now, and keep that on the same line of the screen."""
        before = self.cursor
        self.lost = False
        if not self.touched:
            self.cursor = self.top = 0
        elif self.cursor_id is not None:
            try:
                self.cursor = self.offset + self.ids.index(self.cursor_id)
            except ValueError:
                self.lost = True
        self.cursor = max(0, min(self.cursor, self.matched - 1))
        if not self.lost:
            self._name_cursor()
            if self.top:
                self.top += self.cursor - before
        self._show_cursor()

    def settle(self) -> None:
        """The record is gone from the whole list: the cursor is on what took its place."""
        self.lost = False
        self._name_cursor()

    def _name_cursor(self) -> None:
        row = self.current
        self.cursor_id = None if row is None else str(row["id"])

    def _show_cursor(self) -> None:
        self.top = max(0, min(self.top, self.matched - self.height, self.cursor))
        self.top = max(self.top, self.cursor - self.height + 1, 0)
