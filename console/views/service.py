"""A service and its agreement for people: state, what it is made of, its level against the target and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.views import cells, states
from console.views.cells import Row
from console.views.columns import Column
from console.views.document import Block, Document, Heading, Pair, Prose
from console.views.ink import Ink, Line, text
from console.views.moment import Moment, long_span
from console.views.page import Listing, Page, Tab, untitled
from console.views.place import Place
from console.views.text import clean

_BAR_CELLS = 16
_CI_STATES = {**states.ITEM, **states.CHECK, **states.SERVICE}


def page(row: Row, moment: Moment) -> Page:
    """A service's page."""
    parts = _parts(row)
    return Page(
        title(row, moment),
        (
            Tab("overview", "Overview", untitled(tuple(_overview(row, moment)))),
            Tab("components", f"Components {len(parts)}", _components(parts)),
            Tab("points", "Single points", _points(row.get("points") or ())),
        ),
    )


def agreement_page(row: Row, moment: Moment) -> Page:
    """An agreement's page."""
    intervals = row.get("intervals") or ()
    status, ink = states.spelled(states.AGREEMENT, row.get("status"))
    return Page(
        ((clean(row.get("name")), Ink.STRONG), (f"  {status}", ink), (f"  for {clean(row.get('service'))}", Ink.DIM)),
        (
            Tab("overview", "Overview", untitled(agreement_preview(row, moment))),
            Tab("intervals", f"Intervals {len(intervals)}", _intervals(intervals)),
        ),
    )


def title(row: Row, _moment: Moment) -> Line:
    state, ink = states.spelled(states.SERVICE, row.get("state"))
    about = clean(row.get("title") or row.get("description") or "")
    return ((clean(row.get("name")), Ink.STRONG), (f"  {state}", ink), (f"  {about}", Ink.DIM))


def preview(row: Row, moment: Moment) -> Document:
    """What fits beside the list."""
    return tuple(_overview(row, moment))


def agreement_preview(row: Row, moment: Moment) -> Document:
    return (Heading(clean(row.get("name")), f"for {clean(row.get('service'))}"), *_levels(row, moment))


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
        yield from _levels(agreement, moment)
    yield from _component_lines(row, moment)
    if row.get("source"):
        yield Heading("Declared in")
        yield Prose(text(clean(row.get("source")), Ink.DIM))


def agreements(row: Row) -> Sequence[Row]:
    """A service's agreements: none, one, or several."""
    found = row.get("sla")
    return found if isinstance(found, list | tuple) else [found] if found else []


def _levels(row: Row, moment: Moment) -> Iterator[Block]:
    yield Pair("status", (states.spelled(states.AGREEMENT, row.get("status")),))
    yield Pair("actual", (*cells.actual("actual", "target")(row, moment), *_against(row)))
    left = row.get("budget_remaining")
    if isinstance(left, int | float):
        yield Pair("budget", (*cells.bar_of(left, _BAR_CELLS, moment), (f" {left:.0%} left", Ink.DIM)))
        yield Pair("", (*cells.span("budget_remaining_s")(row, moment), *_of_budget(row)))
    if isinstance(row.get("burn"), int | float):
        yield Pair("burn", _burn(row["burn"]))
    if row.get("breach_forecast_at"):
        yield Pair("runs out", text(moment.clock(row.get("breach_forecast_at")), Ink.WARNING))
    yield Pair("down", cells.span("down_s")(row, moment))
    if row.get("unknown_s"):
        yield Pair("unknown", cells.span("unknown_s")(row, moment))


def _against(row: Row) -> Line:
    return text(f"  of {cells.percent(row.get('target'))} in {clean(row.get('period'))}", Ink.DIM)


def _burn(rate: float) -> Line:
    """At 1 the budget lasts exactly as long as the period."""
    ink = Ink.CRITICAL if rate > 2 else Ink.WARNING if rate > 1 else Ink.TEXT
    return ((f"{rate:.2f}x", ink), ("  1x lasts the period", Ink.FAINT))


def _of_budget(row: Row) -> Line:
    whole = row.get("budget_s")
    return text(f" of {long_span(whole)}", Ink.DIM) if isinstance(whole, int | float) else ()


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


def _components(parts: Sequence[Row]) -> Listing:
    return Listing(
        (
            Column("STATE", cells.state("state", _CI_STATES), 5, 4),
            Column("ITEM", cells.field("name", Ink.STRONG), 24, 12, grow=2),
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


def _intervals(intervals: Sequence[Row]) -> Listing:
    return Listing(
        (
            Column("STATE", cells.state("state", states.SERVICE), 5, 4),
            Column("FROM", cells.clock("start"), 16, 10),
            Column("TO", cells.clock("end"), 16, 10, rank=2),
            Column("COUNTED", cells.span("counted_s"), 9, rank=1, right=True),
            Column("WHY", cells.field("why", Ink.DIM), 24, 10, rank=3, grow=1),
        ),
        [{**row, "id": str(position)} for position, row in enumerate(reversed(intervals))],
        ("No interval recorded.", "The record begins with the first state of the service."),
    )
