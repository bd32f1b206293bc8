"""A service for people: state and why, what it is made of, how its agreements stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.views import cells, states
from console.views.cells import Row
from console.views.columns import Column
from console.views.document import Block, Document, Heading, Pair, Prose
from console.views.ink import Ink, Line, text
from console.views.level import figures
from console.views.levels import SLA
from console.views.moment import Moment
from console.views.page import Listing, Page, Tab, untitled
from console.views.place import Place
from console.views.text import clean
from console.views.trouble import ci_name

_CI_STATES = {**states.ITEM, **states.CHECK, **states.SERVICE}


def page(row: Row, moment: Moment) -> Page:
    """A service's page."""
    parts = _parts(row)
    return Page(
        title(row, moment),
        (
            Tab("overview", "Overview", untitled(tuple(_overview(row, moment)))),
            Tab("components", f"Components {len(parts)}", _components(parts)),
            Tab("agreements", f"Agreements {len(agreements(row))}", _agreements(agreements(row))),
            Tab("points", "Single points", _points(row.get("points") or ())),
        ),
    )


def title(row: Row, _moment: Moment) -> Line:
    state, ink = states.spelled(states.SERVICE, row.get("state"))
    about = clean(row.get("title") or row.get("description") or "")
    return ((clean(row.get("name")), Ink.STRONG), (f"  {state}", ink), (f"  {about}", Ink.DIM))


def preview(row: Row, moment: Moment) -> Document:
    """What fits beside the list."""
    return tuple(_overview(row, moment))


def _overview(row: Row, moment: Moment) -> Iterator[Block]:
    yield Heading(clean(row.get("name")), clean(row.get("title") or ""))
    state = states.spelled(states.SERVICE, row.get("state"))
    yield Pair("state", (state, (f"  for {moment.age(row.get('since'))}" if row.get("since") else "", Ink.DIM)))
    for position, reason in enumerate(row.get("reasons") or ()):
        yield Pair("" if position else "because", text(clean(reason)))
    if row.get("owner"):
        yield Pair("owner", text(clean(row.get("owner"))))
    yield Pair("hours", text(f"{clean(row.get('hours') or '24x7')} {clean(row.get('timezone') or '')}".strip()))
    for agreement in agreements(row):
        yield Heading("Level", clean(agreement.get("name") or ""))
        yield from figures(agreement, moment)
    yield from _component_lines(row, moment)
    if row.get("source"):
        yield Heading("Declared in")
        yield Prose(text(clean(row.get("source")), Ink.DIM))


def agreements(row: Row) -> Sequence[Row]:
    """A service's agreements: none, one, or several."""
    found = row.get("sla")
    return found if isinstance(found, list | tuple) else [found] if found else []


def _component_lines(row: Row, moment: Moment) -> Iterator[Block]:
    components = row.get("components") or ()
    if components:
        yield Heading("Components")
    for component in components:
        state, ink = states.word(states.SERVICE, component.get("state"))
        rule = clean(component.get("rule") or "worst")
        needed = f"{rule} needed" if rule.isdigit() else f"the {rule} counts"
        found = len(component.get("cis") or ())
        yield Pair(
            clean(component.get("name")), ((f"{state:<5}", ink), (f"{found} ", Ink.TEXT), (f" {needed}", Ink.FAINT))
        )


def _agreements(found: Sequence[Row]) -> Listing:
    return Listing(
        SLA.columns,
        [{**one, "id": str(one.get("name"))} for one in found],
        ("No agreement.", "Give the service a target in services.d/*.toml of the state directory."),
        SLA.into,
    )


def _parts(row: Row) -> list[Row]:
    return [
        {
            "component": component.get("name"),
            **item,
            "id": f"{component.get('name')}/{item.get('id')}",
            "ci": item.get("id"),
        }
        for component in row.get("components") or ()
        for item in component.get("cis") or ()
    ]


def _item(row: Row, moment: Moment) -> Line:
    """An item with its host, since endpoints are called alike everywhere."""
    return ci_name({**row, "ci_name": row.get("name")}, moment)


def _components(parts: Sequence[Row]) -> Listing:
    return Listing(
        (
            Column("STATE", cells.state("state", _CI_STATES), 5, 4),
            Column("ITEM", _item, 30, 12, grow=2),
            Column("COMPONENT", cells.field("component", Ink.DIM), 16, 10, rank=1, grow=1),
        ),
        parts,
        ("No item.", "Nothing matches what the components of this service select."),
        lambda row: Place("ci", str(row.get("ci"))),
    )


def _points(points: Sequence[Row]) -> Listing:
    """What alone can take the service down."""
    return Listing(
        (
            Column("STATE", cells.state("state", _CI_STATES), 5, 4),
            Column("ITEM", cells.field("name", Ink.STRONG), 24, 12, grow=2),
            Column("CLASS", cells.field("class", Ink.DIM), 14, 8, rank=2),
            Column("COMPONENT", cells.field("component", Ink.DIM), 16, 10, rank=1, grow=1),
        ),
        [{**point, "ci": point.get("id"), "id": str(position)} for position, point in enumerate(points)],
        ("No single point of failure.", "Nothing alone takes this service down."),
        lambda row: Place("ci", str(row.get("ci"))),
    )
