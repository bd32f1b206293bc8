"""One list of the console: its columns, order, empty words, and where Enter leads from a row. Not which lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.views.cells import Row
from console.views.columns import Column
from console.views.place import Place


@dataclass(frozen=True)
class View:
    """One list. `sort` is its order when none is asked for; `orders` are those that `s` goes round.

    `empty` is what it says when there is nothing, and then what to do about that. `detail_cells` is the least that the
    detail beside it has; with 0 there is none.
    """

    name: str
    title: str
    about: str
    columns: Sequence[Column]
    into: Callable[[Row], Place]
    sort: str = ""
    orders: Sequence[str] = ()
    empty: tuple[str, str] = ("Nothing here.", "")
    detail_cells: int = 41
