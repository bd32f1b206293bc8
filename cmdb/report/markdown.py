"""A report as Markdown (GitHub's, for the tables)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from cmdb.report.document import Bar, Block, Curve, Days, Document, Heading, Paragraph, Table
from cmdb.report.plain import mark, spark

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")


def as_markdown(document: Document) -> str:
    """The whole report, ending with a newline."""
    blocks = [f"# {escaped(document.title)}", escaped(document.about), *map(_block, document.blocks)]
    return "\n\n".join(blocks) + "\n"


def escaped(text: str) -> str:
    """Text that reads as it is: what discovery found must not become a link or a heading."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {escaped(text)}"
        case Paragraph(text):
            return escaped(text)
        case Table(columns, rows, right):
            ruler = ["---:" if number in right else "---" for number in range(len(columns))]
            return "\n".join([_row([escaped(cell) for cell in columns]), _row(ruler), *map(_cells, rows)])
        case Bar(label, share, text):
            return f"{escaped(label)}: **{max(0.0, share):.0%}** — {escaped(text)}"
        case Curve(label, points, first, last):
            return f"{escaped(label)}: {escaped(first)} `{spark(points)}` {escaped(last)}"
        case Days(label, days):
            months = groupby(days, key=lambda day: f"{day[0]:%Y-%m}")
            lines = [f"    {month}  {''.join(mark(share) for _, share in found)}" for month, found in months]
            return "\n".join([escaped(label), "", *lines])


def _cells(row: Sequence[str]) -> str:
    return _row([escaped(cell) for cell in row])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
