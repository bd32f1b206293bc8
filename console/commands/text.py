"""Rows as aligned text for people, and documents as JSON for programs. No colour: a pipe reads it too."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import msgspec

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """`field` names a row's value, or makes it; the last column of a table may be cut at the terminal's edge."""

    title: str
    field: str | Callable[[Row], object]
    right: bool = False

    def cell(self, row: Row) -> str:
        value = self.field(row) if callable(self.field) else row.get(self.field)
        return clean(shown(value))


def clean(text: str) -> str:
    """Without control characters: what a host calls itself must not steer a terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)


def shown(value: object) -> str:
    """A value as a cell shows it."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        case float():
            return f"{value:.6g}"
        case list() | tuple():
            return ", ".join(shown(item) for item in value) or "-"
        case Mapping():
            return ", ".join(f"{key}={shown(item)}" for key, item in value.items()) or "-"
        case _:
            return str(value)


def brief(value: object, most: int = 60) -> str:
    """The same, cut where it would leave no room for what stands beside it; `--json` has all of it."""
    text = shown(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def duration(span: timedelta | float | None) -> str:
    """`4m`, `2h10m`, `-3d4h`: two units at most."""
    if span is None:
        return "-"
    seconds = int(span.total_seconds() if isinstance(span, timedelta) else span)
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count}{unit}")
    return sign + "".join(parts[:2])


_told_at: ContextVar[datetime | None] = ContextVar("told_at", default=None)


@contextmanager
def told_at(moment: datetime | None) -> Iterator[None]:
    """Inside the `with` ages are those of that moment, as it was told then; None: of now."""
    token = _told_at.set(moment)
    try:
        yield
    finally:
        _told_at.reset(token)


def age(moment: object) -> str:
    """How long ago, as `duration`."""
    return duration((_told_at.get() or datetime.now(UTC)) - moment) if isinstance(moment, datetime) else "-"


def from_now(moment: object) -> str:
    """How long until then, or since, as `age` has it: `in 4m`, `2h10m ago`."""
    if not isinstance(moment, datetime):
        return "-"
    left = moment - (_told_at.get() or datetime.now(UTC))
    return f"in {duration(left)}" if left >= timedelta() else f"{duration(-left)} ago"


def table(rows: Sequence[Row], columns: Sequence[Column], *, empty: str) -> str:
    """Aligned columns under their titles; `empty` says what it means that there are none."""
    if not rows:
        return empty
    cells = [[column.title for column in columns], *([column.cell(row) for column in columns] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    lines = []
    for line in cells:
        padded = [
            cell.rjust(width) if column.right else cell.ljust(width)
            for cell, width, column in zip(line, widths, columns, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        lines = [line if len(line) <= width else f"{line[: width - 1]}…" for line in lines]
    return "\n".join(lines)


def record(document: Row, *, but: Sequence[str] = ()) -> str:
    """One document, a field a line."""
    fields = {name: shown(value) for name, value in document.items() if name not in but and value not in ({}, [], None)}
    width = max((len(name) for name in fields), default=0)
    return "\n".join(f"{name.ljust(width)}  {clean(value)}" for name, value in fields.items())


def print_json(document: object) -> None:
    """One JSON document on stdout, indented for people, one line for a pipe."""
    packed = msgspec.json.encode(document)
    if sys.stdout.isatty():
        packed = msgspec.json.format(packed, indent=2)
    click.echo(packed.decode())


def say(text: str) -> None:
    """Text for people on stdout."""
    click.echo(text)
