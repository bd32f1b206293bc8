"""The cells that the terminal shows, and the least to write so that it shows others. Not where they come from.

Textual sends every dirty region anew; over SSH most of that is what is there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

NEAREST_JUMP_CELLS = 5  # moving the cursor costs about as much as writing so many cells again


class Paint(NamedTuple):
    """How a cell is drawn: the parameters of its SGR sequence, and the link that it is."""

    sgr: str = ""
    link: str = ""


class Cell(NamedTuple):
    """One cell. A wide character is in the first of its two, the second holds no text."""

    text: str
    paint: Paint


PLAIN = Paint()
Run = tuple[int, Sequence[Cell]]


class Frame:
    """A screen of cells; those that nobody painted are not known (None) and differ from anything."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.rows: list[list[Cell | None]] = [[None] * width for _ in range(height)]

    def put(self, x: int, y: int, cells: Sequence[Cell]) -> list[Run]:
        """Draw cells into a row; the runs of them that are not there yet."""
        if not 0 <= y < self.height:
            return []
        row = self.rows[y]
        cells = cells[: max(0, self.width - x)]
        runs = list(_runs(row[x : x + len(cells)], cells, x))
        row[x : x + len(cells)] = cells
        return runs


def _runs(before: Sequence[Cell | None], after: Sequence[Cell], x: int) -> Iterator[Run]:
    """What differs, whole characters only, near ones joined."""
    start: int | None = None
    end = 0
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        if old == new:
            continue
        first = index - 1 if not new.text and index else index
        last = index + 2 if index + 1 < len(after) and not after[index + 1].text else index + 1
        if start is None:
            start = first
        elif first - end > NEAREST_JUMP_CELLS:
            yield x + start, after[start:end]
            start = first
        end = last
    if start is not None:
        yield x + start, after[start:end]


def cells_of(segments: Iterable[Segment], color_system: ColorSystem) -> list[Cell]:
    """The cells that segments fill."""
    cells: list[Cell] = []
    for text, style, control in segments:
        if control:
            continue
        paint = _paint(style, color_system) if style is not None else PLAIN
        if text.isascii():
            cells.extend([Cell(character, paint) for character in text])
            continue
        for character in text:
            taken = cell_len(character)
            if taken:
                cells.append(Cell(character, paint))
                cells.extend([Cell("", paint)] * (taken - 1))
            elif cells:
                cells[-1] = _joined(cells, character)
    return cells


def _joined(cells: list[Cell], mark: str) -> Cell:
    """The last character with a combining mark on it."""
    last = cells[-1]
    if last.text or len(cells) < 2:
        return Cell(last.text + mark, last.paint)
    wide = cells[-2]
    cells[-2] = Cell(wide.text + mark, wide.paint)
    return last


@lru_cache(maxsize=2048)
def _paint(style: Style, color_system: ColorSystem) -> Paint:
    return Paint(Strip.render_ansi(style, color_system), style.link or "")


class Pen:
    """Writes runs of cells: moves only when it must, changes its paint only when that changes."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._paint = PLAIN
        self._at: tuple[int, int] | None = None

    def write(self, y: int, run: Run) -> None:
        x, cells = run
        if self._at != (x, y):
            self._written.append(f"\x1b[{y + 1};{x + 1}H")
        for text, paint in cells:
            if paint != self._paint:
                self._change(paint)
            self._written.append(text)
        self._at = x + len(cells), y

    def finish(self) -> str:
        """All that was written, in plain paint at its end."""
        if self._paint != PLAIN:
            self._change(PLAIN)
        return "".join(self._written)

    def _change(self, paint: Paint) -> None:
        if paint.link != self._paint.link:
            self._written.append(f"\x1b]8;;{paint.link}\x1b\\")
        if paint.sgr != self._paint.sgr:
            self._written.append(f"\x1b[0;{paint.sgr}m" if paint.sgr else "\x1b[0m")
        self._paint = paint
