"""A document that scrolls: a record's detail, beside a list or on its own page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import events
from textual.strip import Strip
from textual.widget import Widget

from console.views.document import Document, layout
from console.views.ink import Ink, Line
from console.widgets.drawing import linked, look_of, strip_of

_MARGIN = 1
_WHEEL_LINES = 3


class Sheet(Widget, can_focus=True):
    """Lines of a document; `top` is the first that is seen."""

    DEFAULT_CSS = """
    Sheet { width: 1fr; height: 1fr; }
    """

    def __init__(self, moment: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._moment_now = moment
        self._document: Document = ()
        self._lines: Sequence[Line] = ()
        self.top = 0
        self.stale = False

    def show(self, document: Document, *, from_top: bool = False) -> None:
        """Another document, or the same one anew."""
        self._document = document
        if from_top:
            self.top = 0
        self._lay_out()

    def move(self, lines: int) -> None:
        self._to(self.top + lines)

    def move_page(self, pages: int) -> None:
        self._to(self.top + pages * max(1, self.size.height - 2))

    def move_top(self) -> None:
        self._to(0)

    def move_bottom(self) -> None:
        self._to(len(self._lines))

    def dim(self, stale: bool) -> None:
        if stale != self.stale:
            self.stale = stale
            self.refresh()

    def _to(self, line: int) -> None:
        top = max(0, min(line, len(self._lines) - self.size.height))
        if top != self.top:
            self.top = top
            self.refresh()

    def _lay_out(self) -> None:
        lines = layout(self._document, max(1, self.size.width - 2 * _MARGIN))
        if lines != self._lines:
            self._lines = lines
            self.top = max(0, min(self.top, len(lines) - self.size.height))
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.move(_WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.move(-_WHEEL_LINES)

    def render_line(self, y: int) -> Strip:
        moment = self._moment_now()
        index = self.top + y
        line = self._lines[index] if index < len(self._lines) else ()
        if self.stale:
            line = tuple((text, Ink.FAINT if ink is Ink.FAINT else Ink.DIM) for text, ink in line)
        more = index == self.top + self.size.height - 1 and index + 1 < len(self._lines)
        if more:
            line = ((f"{moment.glyphs.down} {len(self._lines) - index} more lines", Ink.FAINT),)
        words = ((" " * _MARGIN, Ink.TEXT), *line)
        return linked(strip_of(words, self.size.width, look_of(self), None, moment.glyphs.ellipsis), _MARGIN)
