"""A report on a terminal: plain text, no colour, at most `width` columns except where a table needs more."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby

from cmdb.report.document import Bar, Block, Curve, Days, Document, Heading, Paragraph, Table

WIDTH = 80
_BAR = 24
_LEVELS = "▁▂▃▄▅▆▇█"


def as_text(document: Document, width: int = WIDTH) -> str:
    """The whole report, ending with a newline."""
    head = [document.title, "=" * len(document.title), document.about, ""]
    return "\n".join([*head, *(line for block in document.blocks for line in (*_lines(block, width), ""))])


def spark(points: Sequence[float | None]) -> str:
    """One character a point, higher for more; a dot where nothing is known."""
    return "".join("·" if point is None else _LEVELS[min(7, max(0, int(point * 8)))] for point in points)


def mark(share: float | None) -> str:
    """A day as one character: ● all well, ○ less, × less than 99 %, · not known."""
    if share is None:
        return "·"
    return "●" if share >= 1 else "○" if share >= 0.99 else "×"


def _lines(block: Block, width: int) -> Iterable[str]:
    match block:
        case Heading(text, level):
            return [text, ("-" if level == 2 else ".") * len(text)]
        case Paragraph(text):
            return textwrap.wrap(text, width)
        case Table():
            return _table(block)
        case Bar(label, share, text):
            filled = round(max(0.0, min(share, 1.0)) * _BAR)
            return [f"{label}  [{'#' * filled}{'-' * (_BAR - filled)}]  {text}"]
        case Curve(label, points, first, last):
            return [label, f"{first} {spark(points)} {last}".strip()]
        case Days(label, days):
            months = groupby(days, key=lambda day: f"{day[0]:%Y-%m}")
            return [label, *(f"{month}  {''.join(mark(share) for _, share in found)}" for month, found in months)]


def _table(table: Table) -> list[str]:
    widths = [max(map(len, column)) for column in zip(table.columns, *table.rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (cell.rjust(widths[n]) if n in table.right else cell.ljust(widths[n]) for n, cell in enumerate(cells))
        return "  ".join(padded).rstrip()

    return [line(table.columns), "  ".join("-" * size for size in widths), *map(line, table.rows)]
