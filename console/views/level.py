"""An agreement for people: its figures, the curve of its budget, its days, what is ahead, what a breach costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from console.views import cells, heat, states
from console.views.cells import Row
from console.views.columns import Column
from console.views.document import Block, Document, Drawing, Heading, Pair, Prose
from console.views.graph import Values, between, chart
from console.views.ink import Ink, Line, text
from console.views.moment import Moment, long_span
from console.views.page import Listing, Page, Tab, untitled
from console.views.text import clean

_BAR_CELLS = 16
_CURVE_LINES = 5


def page(row: Row, moment: Moment) -> Page:
    """An agreement's page."""
    intervals = row.get("intervals") or ()
    status, ink = states.spelled(states.AGREEMENT, row.get("status"))
    return Page(
        ((clean(row.get("name")), Ink.STRONG), (f"  {status}", ink), (f"  for {clean(row.get('service'))}", Ink.DIM)),
        (
            Tab("overview", "Overview", untitled(preview(row, moment))),
            Tab("forecast", "Forecast", tuple(_ahead(row, moment, whole=True))),
            Tab("terms", "Terms", tuple(_terms(row))),
            Tab("intervals", f"Intervals {len(intervals)}", _intervals(intervals)),
        ),
    )


def preview(row: Row, moment: Moment) -> Document:
    """What fits beside the list."""
    return (
        Heading(clean(row.get("name")), f"for {clean(row.get('service'))}"),
        *figures(row, moment),
        *_curve(row, moment),
        *_days(row, moment),
        *_ahead(row, moment),
        *_cost(row),
    )


def figures(row: Row, moment: Moment) -> Iterator[Block]:
    """Status, actual against target, what is left of the budget and how fast it goes."""
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


def _curve(row: Row, moment: Moment) -> Iterator[Block]:
    """What was left of the budget over the period."""
    points = [(point["at"], float(point["left"])) for point in row.get("curve") or ()]
    if len(points) < 2:
        return
    lowest = min(0.0, *(left for _, left in points))
    ends = moment.clock(points[0][0]), "now"

    def sampled(count: int) -> Values:
        return between(points, count)

    yield Heading("Budget", "what was left of it")
    yield Drawing(
        partial(chart, sampled, _CURVE_LINES, lowest, 1.0, lambda left: f"{left:.0%}", _ink_of, ends, moment.glyphs)
    )


def _ink_of(left: float) -> Ink:
    return Ink.CRITICAL if left < 0 else Ink.WARNING if left < 0.25 else Ink.OK


def _days(row: Row, moment: Moment) -> Iterator[Block]:
    if days := row.get("days"):
        yield Heading("Days", "higher is more time down")
        yield Drawing(partial(heat.calendar, days, float(row.get("target") or 1), moment.glyphs))


def _ahead(row: Row, moment: Moment, *, whole: bool = False) -> Iterator[Block]:
    """What is foreseen, and from what."""
    forecasts = row.get("forecast")
    if not isinstance(forecasts, list | tuple) or not forecasts:
        return
    found: Row = forecasts[0]
    yield Heading("Ahead")
    yield Prose(text(clean(found.get("why")), Ink.WARNING if found.get("breach_at") else Ink.TEXT))
    if found.get("breach_at"):
        when = f"  in {moment.ahead(found['breach_at'])}"
        yield Pair("breach", ((moment.clock(found["breach_at"]), Ink.CRITICAL), (when, Ink.WARNING)))
    for one in found.get("ahead") or ():
        yield Pair(
            clean(one.get("kind")), ((clean(one.get("why")), Ink.TEXT), (f"  {moment.clock(one.get('at'))}", Ink.DIM))
        )
    if whole:
        yield from _evidence(found, moment)
    if told := found.get("told"):
        yield Heading("Is told", "as soon as a breach is foreseen")
        for one in told:
            receipt = clean(one.get("receipt") or "not yet: nothing is foreseen")
            yield Prose(((clean(one.get("who")), Ink.TEXT), (f"  {receipt}", Ink.DIM)), 2)


def _evidence(found: Row, moment: Moment) -> Iterator[Block]:
    yield Heading("Evidence", "burn in a short and a long window; above 1x the budget does not last")
    for one in found.get("evidence") or ():
        burns = f"{float(one.get('short_burn') or 0):7.2f}x {float(one.get('long_burn') or 0):7.2f}x"
        yield Pair(clean(one.get("windows")), text(burns))
    notices = found.get("notices") or ()
    yield Heading("Notices", f"{len(notices)} so far")
    for notice in notices:
        line = ((f"{moment.clock(notice.get('noticed_at'))}  ", Ink.DIM), (clean(notice.get("why")), Ink.TEXT))
        yield Prose(line, 4)
    share = found.get("announced_share")
    if isinstance(share, int | float):
        yield Pair("announced", text(f"{share:.0%} of breaches in time"))


def _cost(row: Row) -> Iterator[Block]:
    """What a breach costs."""
    penalty = row.get("penalty")
    if not penalty and not row.get("consequences"):
        return
    yield Heading("A breach costs")
    if penalty:
        yield Pair("penalty", text(f"{float(penalty):,.0f} {clean(row.get('currency') or '')}", Ink.WARNING))
    if row.get("consequences"):
        yield Pair("then", text(clean(row["consequences"])))


_TERMS = (
    "customer", "provider", "kind", "state", "revision", "period", "hours", "timezone", "method", "exclusions",
    "consequences", "pauses", "leans_on", "stakeholders", "notice_h", "review_on", "source",
)  # fmt: skip
_MONEY = ("penalty", "cost", "value")


def _terms(row: Row) -> Iterator[Block]:
    """What was agreed."""
    yield Pair("target", text(cells.percent(row.get("target"))))
    for name in _TERMS:
        if said := cells.said(row.get(name)):
            hours = " h" if name.endswith("_h") else ""
            yield Pair(name.removesuffix("_h").replace("_", " "), text(said + hours))
    for name in _MONEY:
        if isinstance(row.get(name), int | float) and row[name]:
            yield Pair(name, text(f"{row[name]:,.0f} {clean(row.get('currency') or '')} a month"))
    for name, title in (("respond_minutes", "Respond"), ("resolve_minutes", "Resolve")):
        minutes: Mapping[str, object] = row.get(name) or {}
        if minutes:
            yield Heading(title, "by priority")
            yield from (Pair(f"P{key}", text(_minutes(value))) for key, value in sorted(minutes.items()))


def _minutes(value: object) -> str:
    return long_span(float(value) * 60) if isinstance(value, int | float) else clean(value)


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
