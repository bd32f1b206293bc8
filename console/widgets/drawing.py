"""From lines of inked text to what Textual puts on the screen. Not which lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from console.output.themes import LOOKS, NIGHT, Look
from console.views.ink import Line
from console.views.text import fit_line, width

_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]{1,2000}(?<![.,;:!?)'])")


def look_of(widget: Widget) -> Look:
    """The look of the application's theme."""
    return LOOKS.get(widget.app.theme, NIGHT)


def strip_of(line: Line, cells: int, look: Look, beneath: Style | None = None, ellipsis: str = "…") -> Strip:
    """The line in exactly this many cells, over a background."""
    ground = beneath or look.ground
    fitted = fit_line(line, cells, ellipsis)
    return Strip([Segment(text, ground + look.inks[ink]) for text, ink in fitted if text], cells)


def linked(strip: Strip, margin: int) -> Strip:
    """The same with addresses of the web that can be read whole as links (OSC 8): they lead where they say.

    One that reaches the right margin may go on in the next line, and is no link.
    """
    if "://" not in strip.text:
        return strip
    segments: list[Segment] = []
    cells = strip.cell_length - margin
    for segment in strip:
        segments += _parted(segment, cells)
        cells -= segment.cell_length
    return Strip(segments, strip.cell_length)


def _parted(segment: Segment, cells: int) -> Iterator[Segment]:
    """A piece of text as what is a link and what is not, where this many cells are left."""
    text, style, _ = segment
    at = 0
    for found in _ADDRESS.finditer(text):
        if width(text[: found.end()]) >= cells:
            break
        yield Segment(text[at : found.start()], style)
        yield Segment(found[0], (style or Style()).update_link(found[0]))
        at = found.end()
    yield Segment(text[at:], style)
