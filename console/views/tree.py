"""A CI between what it stands on and what stands on it, as one indented list. Not how impact flows: the hub says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from console.views import states
from console.views.cells import Row, field
from console.views.columns import Column
from console.views.ink import Ink, Line
from console.views.moment import Moment
from console.views.page import Listing
from console.views.place import Place
from console.views.text import clean

_MOST_ROWS = 2000
_EMPTY = ("Nothing stands on it, and it stands on nothing.", "Relations that carry impact make this tree.")


def tree(row: Row) -> Listing:
    """What its failure reaches, farthest first; itself; what it stands on."""
    reached, stands_on = row.get("impact") or {}, row.get("depends") or {}
    above = list(_nested(reached.get("nodes") or (), clean(row.get("name"))))
    below = list(_nested(stands_on.get("nodes") or (), clean(row.get("name"))))
    spared = {str(node.get("id")) for node in reached.get("spared") or ()}
    rows = [
        *(
            _row(node, depth, "up", position, str(node.get("id")) in spared)
            for position, (depth, node) in _reversed(above)
        ),
        {"id": "itself", "name": row.get("name"), "class": row.get("class"), "state": row.get("state"), "way": "here"},
        *(_row(node, depth, "down", position) for position, (depth, node) in enumerate(below)),
    ]
    return Listing(_COLUMNS, rows[:_MOST_ROWS] if len(rows) > 1 else (), _EMPTY, _into)


def _reversed(nested: Sequence[tuple[int, Row]]) -> Iterator[tuple[int, tuple[int, Row]]]:
    """The other way up: what is nearest to the CI stands right above it."""
    return iter(reversed(list(enumerate(nested))))


def _nested(nodes: Sequence[Row], root: str) -> Iterator[tuple[int, Row]]:
    """Each node after the one that it was reached through, with its distance; a loop ends where it closes."""
    reached_through: dict[tuple[int, str], list[Row]] = {}
    for node in nodes:
        reached_through.setdefault((int(node.get("distance") or 1), clean(node.get("via") or root)), []).append(node)
    seen: set[str] = set()

    def below(distance: int, name: str) -> Iterator[tuple[int, Row]]:
        for node in sorted(reached_through.get((distance, name), ()), key=lambda node: clean(node.get("name"))):
            if str(node.get("id")) not in seen:
                seen.add(str(node.get("id")))
                yield distance, node
                yield from below(distance + 1, clean(node.get("name")))

    yield from below(1, root)
    yield from ((int(node.get("distance") or 1), node) for node in nodes if str(node.get("id")) not in seen)


def _row(node: Row, depth: int, way: str, position: int, spared: bool = False) -> Mapping[str, object]:
    return {**node, "id": f"{way}/{position}", "ci": node.get("id"), "depth": depth, "way": way, "spared": spared}


def _state(row: Row, moment: Moment) -> Line:
    return (states.word(states.CHECK, row["state"]),) if row.get("state") else ((moment.glyphs.dash, Ink.FAINT),)


def _name(row: Row, moment: Moment) -> Line:
    name = clean(row.get("name"))
    if row["way"] == "here":
        return ((name, Ink.ACCENT),)
    sign = moment.glyphs.up if row["way"] == "up" else moment.glyphs.down
    note = "  held up by others" if row.get("spared") else ""
    return ((f"{'  ' * int(row['depth'])}{sign} ", Ink.FAINT), (name, Ink.STRONG), (note, Ink.DIM))


def _into(row: Row) -> Place | None:
    return None if row["way"] == "here" else Place("ci", str(row.get("ci")))


_COLUMNS = (
    Column("STATE", _state, 5, 4),
    Column("ITEM", _name, 36, 16, grow=2),
    Column("CLASS", field("class", Ink.DIM), 14, 8, rank=1),
    Column("VIA", field("via", Ink.FAINT), 18, 8, rank=2, grow=1),
)
