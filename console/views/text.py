"""Discovered text made safe and made to fit: no control characters, widths in terminal cells."""

from __future__ import annotations

import functools
import unicodedata

from rich.cells import cell_len, chop_cells, set_cell_size

from console.views.ink import Ink, Line

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_COMBINING = frozenset({"Mn", "Me"})
_MOST_MARKS = 2  # on one letter: more is an attack on the rows above and below


def clean(value: object) -> str:
    """One printable line: white space is a space, control, format and unassigned characters are gone."""
    content = value if isinstance(value, str) else str(value)
    return content if content.isascii() and content.isprintable() else _clean(content)


@functools.lru_cache(maxsize=4096)
def _clean(content: str) -> str:
    kept: list[str] = []
    marks = _MOST_MARKS  # a mark with no letter before it would land on a neighbour's cell
    for character in unicodedata.normalize("NFC", content):
        category = unicodedata.category(character)
        if character.isspace():
            kept.append(" ")
            marks = 0
        elif category in _COMBINING:
            marks += 1
            if marks <= _MOST_MARKS and kept:
                kept.append(character)
        elif category not in _INVISIBLE:
            kept.append(character)
            marks = 0
    return "".join(kept)


def width(content: str) -> int:
    """How many cells it takes."""
    return len(content) if content.isascii() else cell_len(content)


def fit(content: str, cells: int, ellipsis: str = "…", *, right: bool = False) -> str:
    """Exactly this many cells: padded, or cut with an ellipsis (no ellipsis in a single cell)."""
    space = cells - width(content)
    if space >= 0:
        return " " * space + content if right else content + " " * space
    if cells <= 0:
        return ""
    if cells == 1:
        return set_cell_size(content, 1)
    return set_cell_size(content, cells - 1) + ellipsis


def fit_line(line: Line, cells: int, ellipsis: str = "…", *, right: bool = False) -> Line:
    """The same for a line of several pieces; padding and ellipsis take the last piece's ink."""
    if len(line) == 1:
        content, ink = line[0]
        return ((fit(content, cells, ellipsis, right=right), ink),)
    taken = sum(width(content) for content, _ in line)
    if taken <= cells:
        if not line:
            return _padding(cells - taken)
        return _padding(cells - taken) + line if right else line + _padding(cells - taken)
    pieces: Line = ()
    left = cells
    for content, ink in line:
        if width(content) >= left:
            return (*pieces, (ellipsis if left == 1 else fit(content + " " * 2 * left, left, ellipsis), ink))
        pieces = (*pieces, (content, ink))
        left -= width(content)
    return pieces


def _padding(cells: int) -> Line:
    return ((" " * cells, Ink.TEXT),) if cells > 0 else ()


def wrap(content: str, cells: int) -> list[str]:
    """Lines of at most this many cells, broken at spaces where there are any."""
    lines: list[str] = []
    current = ""
    for word in content.split(" "):
        candidate = f"{current} {word}" if current else word
        if width(candidate) <= cells:
            current = candidate
            continue
        if current:
            lines.append(current)
        *whole, current = chop_cells(word, cells) or [""]
        lines.extend(whole)
    return [*lines, current]
