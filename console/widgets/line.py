"""One line of inked text: header, crumbs, tabs, keys. What it says comes from a view model."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.views.ink import Line
from console.widgets.drawing import look_of, strip_of


class InkLine(Widget):
    """Drawn from `says(cells)`; redrawn only when that changed."""

    DEFAULT_CSS = """
    InkLine { height: 1; width: 1fr; }
    """

    class Clicked(Message):
        """Somebody clicked at this cell."""

        def __init__(self, line: InkLine, x: int) -> None:
            super().__init__()
            self.line, self.x = line, x

    def __init__(self, says: Callable[[int], Line], *, bar: bool = False, id: str | None = None) -> None:  # noqa: A002 — Textual's word
        super().__init__(id=id)
        self._says = says
        self._bar = bar
        self._line: Line = ()

    def update(self) -> None:
        """Draw it if it says something else now."""
        if self._says(self.size.width) != self._line:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        look = look_of(self)
        self._line = self._says(self.size.width)
        return strip_of(self._line, self.size.width, look, look.bar if self._bar else None)

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Clicked(self, event.x))
