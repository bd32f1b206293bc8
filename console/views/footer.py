"""The last line: the keys that do something here, the useful ones first, and `?` for the rest."""

from __future__ import annotations

from collections.abc import Iterable

from console.views.ink import Ink, Line, Span
from console.views.keys import Act, Key
from console.views.text import width

NARROW_CELLS = 100
NARROW_KEYS = 5


def footer(table: Iterable[Key], available: Iterable[Act], cells: int) -> Line:
    """As many as fit; on a narrow terminal five and `?`."""
    allowed = set(available)
    keys = sorted((key for key in table if key.rank and key.act in allowed), key=lambda key: key.rank)
    if not keys:
        return ()
    *first, last = keys
    shown = first[:NARROW_KEYS] if cells < NARROW_CELLS else first
    line: list[Span] = [(" ", Ink.TEXT)]
    room = cells - _cells(last.shown, last.label) - 1
    for key in shown:
        sign = key.shown.split()[0]
        room -= _cells(sign, key.label)
        if room < 0:
            break
        line += [(sign, Ink.ACCENT), (f" {key.label}   ", Ink.DIM)]
    return (*line, (last.shown, Ink.ACCENT), (f" {last.label}", Ink.DIM))


def _cells(shown: str, label: str) -> int:
    return width(shown) + width(label) + 4
