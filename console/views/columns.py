"""The columns of a table and which of them fit: the least important fall away first, the rest share the width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.views.cells import Render
from console.views.moment import Moment

GAP = 2
SQUEEZED = 8  # cells that still hold a word


@dataclass(frozen=True)
class Column:
    """`width` is wished, `least` the narrowest that still says something. `rank` 0 falls away last.

    `grow` is its share of the width that is left over; `sort` the field that a click on its title sorts by; `scale`
    says the title as of a moment, where that depends on it. A `picture` is for eyes: no program and no voice reads it.
    """

    title: str
    render: Render
    width: int
    least: int = 0
    rank: int = 0
    grow: int = 0
    right: bool = False
    sort: str = ""
    scale: Callable[[Moment], str] | None = None
    picture: bool = False

    def heading(self, moment: Moment) -> str:
        """What stands over it."""
        return self.title if self.scale is None else self.scale(moment)

    @property
    def narrowest(self) -> int:
        return self.least or self.width


@dataclass(frozen=True)
class Placed:
    """A column where it is drawn."""

    column: Column
    width: int


def place(columns: Sequence[Column], cells: int, gap: int = GAP) -> tuple[Placed, ...]:
    """Which columns are drawn in this many cells, in their order, and how wide."""
    kept = list(columns)
    while _needed(kept, gap) > cells and len(kept) > 1 and (last := max(reversed(kept), key=_rank)).rank:
        kept.remove(last)
    widths = [column.narrowest for column in kept]
    left = cells - _needed(kept, gap)
    if left < 0 and not _squeeze(kept, widths, -left):
        return place(kept[:-1], cells, gap) if len(kept) > 1 else (Placed(kept[0], max(0, cells)),)
    left = _widen(kept, widths, max(0, left))
    _grow(kept, widths, left)
    return tuple(Placed(column, width) for column, width in zip(kept, widths, strict=True))


def _rank(column: Column) -> int:
    return column.rank


def _needed(columns: Sequence[Column], gap: int) -> int:
    return sum(column.narrowest for column in columns) + gap * (len(columns) - 1)


def _squeeze(columns: Sequence[Column], widths: list[int], missing: int) -> bool:
    """Take what is missing from a column that grows, rather than lose one that is never to fall away."""
    for index, column in enumerate(columns):
        if column.grow and widths[index] - missing >= SQUEEZED:
            widths[index] -= missing
            return True
    return False


def _widen(columns: Sequence[Column], widths: list[int], left: int) -> int:
    """Give each the width that it wishes, the important ones first; what is left after that."""
    for index in sorted(range(len(columns)), key=lambda index: columns[index].rank):
        more = min(left, columns[index].width - widths[index])
        widths[index] += max(0, more)
        left -= max(0, more)
    return left


def _grow(columns: Sequence[Column], widths: list[int], left: int) -> None:
    shares = sum(column.grow for column in columns)
    for index, column in enumerate(columns):
        if column.grow and shares:
            more = left * column.grow // shares
            widths[index] += more
            left -= more
            shares -= column.grow
