"""A table of any length: it draws the lines that are seen of a window, and asks for what is not loaded.

It owns no rows: `console.views.window.Window` does, and keeps the cursor on its record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.views.cells import Row
from console.views.columns import GAP, Column, Placed, place
from console.views.ink import Ink, Line
from console.views.moment import Moment
from console.views.text import fit, fit_line
from console.views.window import Window
from console.widgets.drawing import look_of, strip_of

_HEAD = 1  # lines of titles
_EDGES = 2  # cells of cursor and scroll bar
_WHEEL_ROWS = 3


@dataclass(frozen=True)
class Empty:
    """What is said in place of rows."""

    title: str
    advice: str = ""


class Table(Widget, can_focus=True):
    """Titles, rows, a cursor, a scroll bar where one is needed."""

    DEFAULT_CSS = """
    Table { width: 1fr; height: 1fr; }
    """

    class Moved(Message):
        """The cursor is on another record, or that record is another."""

    class Entered(Message):
        """Somebody wants to see the cursor's record."""

    class Wanted(Message):
        """These rows are looked at and not loaded."""

        def __init__(self, offset: int, limit: int, anchor: str | None) -> None:
            super().__init__()
            self.offset, self.limit, self.anchor = offset, limit, anchor

    class SortAsked(Message):
        """A title was clicked."""

        def __init__(self, field: str) -> None:
            super().__init__()
            self.field = field

    def __init__(self, moment: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._moment_now = moment
        self.window = Window()
        self.columns: Sequence[Column] = ()
        self._placed: tuple[Placed, ...] = ()
        self._placed_in = 0
        self.empty = Empty("")
        self.sort = ""
        self.stale = False
        self._drawn: dict[int, Strip] = {}
        self._asked: tuple[int, int] | None = None

    def show(self, columns: Sequence[Column], window: Window, empty: Empty, sort: str = "") -> None:
        """Another list."""
        self.columns, self.window, self.empty, self.sort = columns, window, empty, sort
        self._asked = None
        self._placed_in = 0
        self._fit()

    def changed(self) -> None:
        """The window's rows changed: draw them, and ask for those that are missing."""
        self._asked = None
        self._ask()
        self._redraw()
        self.post_message(self.Moved())

    def ticked(self) -> None:
        """Time went by: draw the lines that say so."""
        for y, drawn in list(self._drawn.items()):
            if self._line(y) != drawn:
                self.refresh(Region(0, y, self.size.width, 1))

    def dim(self, stale: bool) -> None:
        """Rows that are no longer fresh are drawn in a weaker ink."""
        if stale != self.stale:
            self.stale = stale
            self._redraw()

    def move(self, steps: int) -> None:
        self._to(self.window.cursor + steps)

    def move_page(self, pages: int) -> None:
        self._to(self.window.cursor + pages * max(1, self.window.height - 1))

    def move_top(self) -> None:
        self._to(0)

    def move_bottom(self) -> None:
        self._to(self.window.matched - 1)

    def toggle_mark(self) -> None:
        self.window.toggle_mark()
        self._moved()

    def _to(self, index: int) -> None:
        before, top = self.window.cursor, self.window.top
        self.window.move_to(index)
        if self.window.top == top:
            for line in {before, self.window.cursor}:
                self.refresh(Region(0, _HEAD + line - top, self.size.width, 1))
            self._ask()
            self.post_message(self.Moved())
        else:
            self._moved()

    def _moved(self) -> None:
        self._ask()
        self._redraw()
        self.post_message(self.Moved())

    def _ask(self) -> None:
        missing = self.window.missing()
        if missing is not None and missing != self._asked:
            self._asked = missing
            self.post_message(self.Wanted(*missing, None))
        elif self.window.lost:
            self.post_message(self.Wanted(self.window.offset, len(self.window.ids), self.window.cursor_id))

    def _fit(self) -> None:
        self.window.resize(self.size.height - _HEAD)
        self._redraw()

    @property
    def placed(self) -> tuple[Placed, ...]:
        """The columns in the width that there is now: a line may be asked for before the resize is told."""
        if self._placed_in != self.size.width:
            self._placed_in = self.size.width
            self._placed = place(self.columns, max(1, self.size.width - _EDGES))
        return self._placed

    def _redraw(self) -> None:
        self._drawn.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._drawn.clear()

    def on_resize(self, event: events.Resize) -> None:
        self._fit()
        self._ask()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    def render_line(self, y: int) -> Strip:
        strip = self._line(y)
        self._drawn[y] = strip
        return strip

    def _line(self, y: int) -> Strip:
        look = look_of(self)
        moment: Moment = self._moment_now()
        cells = self.size.width
        if y < _HEAD:
            return strip_of(self._titles(moment), cells, look)
        index = self.window.top + y - _HEAD
        if self.window.matched == 0:
            return strip_of(self._empty_line(y, cells), cells, look)
        if index >= self.window.matched:
            return Strip.blank(cells, look.ground)
        return self._row_strip(self.window.at(index), index, moment)

    def _empty_line(self, y: int, cells: int) -> Line:
        if not self.window.loaded:
            return ((" Asking the hub" + self._moment_now().glyphs.ellipsis, Ink.FAINT),) if y == _HEAD + 1 else ()
        if y == _HEAD + 1:
            return ((f" {self.empty.title}", Ink.TEXT),)
        return ((f" {self.empty.advice}", Ink.DIM),) if y == _HEAD + 2 else ()

    def _titles(self, moment: Moment) -> Line:
        by = self.sort.split(",")[0]
        line: list[tuple[str, Ink]] = [(" ", Ink.FAINT)]
        for position, placed in enumerate(self.placed):
            column = placed.column
            sorted_by = bool(by) and column.sort.lstrip("-") == by.lstrip("-")
            arrow = (moment.glyphs.down if by.startswith("-") else moment.glyphs.up) if sorted_by else ""
            title = fit(
                column.heading(moment)[: placed.width - len(arrow)] + arrow, placed.width, "", right=column.right
            )
            line += [(" " * GAP if position else "", Ink.FAINT), (title, Ink.ACCENT if sorted_by else Ink.DIM)]
        return tuple(line)

    def _row_strip(self, row: Row | None, index: int, moment: Moment) -> Strip:
        look = look_of(self)
        here = index == self.window.cursor
        ground = look.cursor if here and self.has_focus else look.ground
        segments = [Segment(*self._edge(row, moment, look.inks, ground, here=here))]
        for position, placed in enumerate(self.placed):
            if position:
                segments.append(Segment(" " * GAP, ground))
            segments.extend(self._cell(placed, row, moment, ground))
        used = sum(placed.width for placed in self.placed) + GAP * (len(self.placed) - 1)
        segments.append(Segment(" " * max(0, self.size.width - _EDGES - used), ground))
        segments.append(self._rail(index - self.window.top, moment, ground))
        return Strip(segments, self.size.width)

    def _edge(self, row: Row | None, moment: Moment, inks: Any, ground: Style, *, here: bool) -> tuple[str, Style]:
        marked = row is not None and str(row["id"]) in self.window.marked
        if here:
            sign = moment.glyphs.mark if marked else moment.glyphs.cursor
            return sign, ground + inks[Ink.ACCENT]
        return (moment.glyphs.mark, ground + inks[Ink.ACCENT]) if marked else (" ", ground)

    def _cell(self, placed: Placed, row: Row | None, moment: Moment, ground: Style) -> list[Segment]:
        inks = look_of(self).inks
        if row is None:
            return [Segment(fit(moment.glyphs.dot, placed.width), ground + inks[Ink.FAINT])]
        line = placed.column.render(row, moment)
        if self.stale:
            line = tuple((text, Ink.FAINT if ink is Ink.FAINT else Ink.DIM) for text, ink in line)
        fitted = fit_line(line, placed.width, moment.glyphs.ellipsis, right=placed.column.right)
        return [Segment(text, ground + inks[ink]) for text, ink in fitted]

    def _rail(self, line: int, moment: Moment, ground: Style) -> Segment:
        inks = look_of(self).inks
        height, matched = self.window.height, self.window.matched
        if matched <= height:
            return Segment(" ", ground)
        thumb = max(1, height * height // matched)
        first = (height - thumb) * self.window.top // max(1, matched - height)
        inside = first <= line < first + thumb
        return Segment(moment.glyphs.thumb if inside else " ", ground + inks[Ink.DIM if inside else Ink.FAINT])

    def on_focus(self) -> None:
        self._redraw()

    def on_blur(self) -> None:
        self._redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll(_WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll(-_WHEEL_ROWS)

    def _scroll(self, rows: int) -> None:
        self.window.scroll(rows)
        self._moved()

    def on_click(self, event: events.Click) -> None:
        if event.y < _HEAD:
            self._title_clicked(event.x - 1)
            return
        index = self.window.top + event.y - _HEAD
        if index >= self.window.matched:
            return
        again = index == self.window.cursor
        self._to(index)
        if event.chain == 2 or (again and event.chain > 1):
            self.post_message(self.Entered())

    def _title_clicked(self, x: int) -> None:
        start = 0
        for placed in self.placed:
            if start <= x < start + placed.width and placed.column.sort:
                self.post_message(self.SortAsked(placed.column.sort))
            start += placed.width + GAP
