"""The list of who is on, and what they look at."""

from __future__ import annotations

from console.views import cells
from console.views.cells import Row
from console.views.columns import Column
from console.views.ink import Ink
from console.views.place import NoSuchPlace, Place, parse
from console.views.view import View


def _place_of_person(row: Row) -> Place:
    """What they look at; one's own list where that is nothing here (a filter of a newer console)."""
    try:
        return parse(str(row.get("place") or ""))
    except NoSuchPlace:
        return Place("people")


PEOPLE = View(
    "people",
    "People",
    "who is on, and what they look at",
    (
        Column("PERSON", cells.name, 14, 10, sort="name"),
        Column("ROLE", cells.field("role", Ink.DIM), 8, rank=3, sort="role"),
        Column("LOOKS AT", cells.field("place"), 24, 14, grow=1, sort="place"),
        Column("FOR", cells.age("moved_at"), 4, rank=2, right=True, sort="-moved_at"),
        Column("ON", cells.age("since"), 4, rank=1, right=True, sort="-since"),
        Column("VIA", cells.field("via", Ink.DIM), 18, 10, rank=4, sort="via"),
    ),
    _place_of_person,
    orders=("", "place", "-since"),
    detail_cells=0,
    empty=("Nobody is on.", "Consoles and watched lists are listed here."),
)
