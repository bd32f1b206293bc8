"""A list as text for other programs: CSV and Markdown as it is shown, JSON as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence

import msgspec

from console.views.cells import Row
from console.views.columns import Column
from console.views.ink import plain
from console.views.moment import Moment

# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(columns: Sequence[Column], rows: Iterable[Row], moment: Moment) -> str:
    """Titles, then a line a row; nothing in it is a formula."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow([column.title for column in columns])
    for row in rows:
        table.writerow([_harmless(_cell(column, row, moment)) for column in columns])
    return written.getvalue()


def as_markdown(columns: Sequence[Column], rows: Iterable[Row], moment: Moment) -> str:
    """A table; bars in cells are escaped."""
    lines = [[column.title for column in columns], [":--" if not column.right else "--:" for column in columns]]
    lines += [[_cell(column, row, moment).replace("|", "\\|") for column in columns] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_json(_columns: Sequence[Column], rows: Iterable[Row], _moment: Moment) -> str:
    """The rows with all their fields, times in ISO 8601."""
    return msgspec.json.format(msgspec.json.encode(list(rows)), indent=2).decode() + "\n"


FORMATS: dict[str, Callable[[Sequence[Column], Iterable[Row], Moment], str]] = {
    "csv": as_csv,
    "json": as_json,
    "md": as_markdown,
}


def _cell(column: Column, row: Row, moment: Moment) -> str:
    return plain(column.render(row, moment)).strip()


def _harmless(content: str) -> str:
    return f"'{content}" if content.startswith(_FORMULA) and len(content) > 1 else content
