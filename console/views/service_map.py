"""The map of services: what each stands on and what of that is not well; each host with the services on it."""

from __future__ import annotations

from collections.abc import Sequence

from console.views import cells, states
from console.views.cells import Row
from console.views.columns import Column
from console.views.document import Document, Prose
from console.views.ink import Ink, Line
from console.views.moment import Moment
from console.views.page import Listing, Page, Tab
from console.views.place import MAP_OF_ALL, Place
from console.views.text import clean

_STATES = {**states.SERVICE, **states.CHECK}
_BAD = frozenset({"down", "degraded", "critical", "warning"})


def page(row: Row, _moment: Moment) -> Page:
    """The map's page: down from the services, up from the hosts."""
    down, up = row.get("down") or (), row.get("up") or ()
    services = [one for one in down if one.get("kind") == "service"]
    bad = sum(one.get("state") != "up" for one in services)
    said = (f"{bad} of {len(services)} not well", Ink.WARNING) if bad else ("all well", Ink.OK)
    name = clean(row.get("name") or "") or MAP_OF_ALL
    return Page(
        ((f"map of {name}" if name != MAP_OF_ALL else "map of all services", Ink.STRONG), ("  ", Ink.TEXT), said),
        (
            Tab("down", f"Services {len(services)}", _down(down)),
            Tab("up", f"Hosts {len(up)}", _up(up)),
        ),
    )


def preview(row: Row, moment: Moment) -> Document:
    """The tree from the services down, as lines."""
    rows = row.get("down") or ()
    return tuple(
        Prose((*_state(one, moment), ("  ", Ink.TEXT), *_name(one, moment), ("  ", Ink.TEXT), *_note(one, moment)))
        for one in rows
    )


def _down(rows: Sequence[Row]) -> Listing:
    return Listing(
        (
            Column("STATE", _state, 5, 4),
            Column("WHAT", _name, 30, 12, grow=2),
            Column("NOTE", _note, 30, 14, rank=1, grow=1),
            Column("CLASS", _class, 11, 8, rank=2),
        ),
        rows,
        ("No service.", "Declare one in services.d/*.toml of the state directory."),
        _into,
    )


def _up(rows: Sequence[Row]) -> Listing:
    return Listing(
        (
            Column("STATE", _state, 5, 4),
            Column("HOST", cells.field("name", Ink.STRONG), 24, 12, grow=1),
            Column("CARRIES", cells.field("services"), 30, 14, grow=2),
            Column("ITEMS", cells.count("items", Ink.DIM), 5, rank=3, right=True),
            Column("REACHES", cells.count("reaches"), 7, rank=1, right=True),
            Column("CLASS", cells.field("class", Ink.FAINT), 9, rank=4),
        ),
        rows,
        ("No host.", "Nothing that services are made of has been discovered."),
        lambda row: Place("ci", str(row.get("ci"))),
    )


def _state(row: Row, moment: Moment) -> Line:
    if not row.get("state"):
        return (("" if row.get("kind") == "more" else moment.glyphs.dash, Ink.FAINT),)
    return (states.word(_STATES, row.get("state")),)


def _name(row: Row, moment: Moment) -> Line:
    """Indented by how deep it is; what is not well in the ink of its state."""
    kind, name = row.get("kind"), clean(row.get("name"))
    indent = ("   " * int(row.get("depth") or 0), Ink.FAINT)
    if kind == "service":
        return ((name, Ink.ACCENT),)
    if kind == "component":
        return (indent, (name, Ink.STRONG))
    if kind == "more":
        return (indent, (name, Ink.FAINT))
    host = clean(row.get("host_name") or "")
    sign = f"{moment.glyphs.down} " if kind == "cause" else ""
    ink = Ink.TEXT if row.get("state") in _BAD else Ink.DIM
    return (indent, (sign, Ink.FAINT), (f"{host} " if host else "", ink), (name, Ink.DIM if host else ink))


def _class(row: Row, _moment: Moment) -> Line:
    return ((clean(row.get("class") or ""), Ink.FAINT),)


def _note(row: Row, _moment: Moment) -> Line:
    return ((clean(row.get("note") or ""), Ink.DIM if row.get("kind") == "component" else Ink.FAINT),)


def _into(row: Row) -> Place | None:
    if row.get("kind") == "service":
        return Place("service", str(row.get("service")))
    return Place("ci", str(row["ci"])) if row.get("ci") else None
