"""From lines of inked text to what Textual puts on the screen. Not which lines."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from console.output.themes import LOOKS, NIGHT, Look
from console.views.ink import Line
from console.views.text import fit_line


def look_of(widget: Widget) -> Look:
    """The look of the application's theme."""
    return LOOKS.get(widget.app.theme, NIGHT)


def strip_of(line: Line, cells: int, look: Look, beneath: Style | None = None, ellipsis: str = "…") -> Strip:
    """The line in exactly this many cells, over a background."""
    ground = beneath or look.ground
    fitted = fit_line(line, cells, ellipsis)
    return Strip([Segment(text, ground + look.inks[ink]) for text, ink in fitted if text], cells)
