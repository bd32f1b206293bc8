"""A check for people: its state and since when, what it last said, its metrics against their limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from console.sparkline import binned
from console.views import cells, states
from console.views.cells import Row
from console.views.columns import Column
from console.views.document import Block, Document, Drawing, Heading, Pair, Prose
from console.views.graph import chart, spark
from console.views.ink import Ink, Line, plain, text
from console.views.moment import Moment, long_span
from console.views.page import Listing, Page, Tab, untitled
from console.views.text import clean
from console.views.trouble import check_name, ci_name

_PHASE_CELLS = 20
_SPARK_CELLS = 24
_MOST_SPARKS, _MOST_CHARTS = 6, 8
_CHART_LINES = 4
_MOST_FAILURES = 20


def page(row: Row, moment: Moment) -> Page:
    """The check's page."""
    return Page(
        title(row, moment),
        (
            Tab("overview", "Overview", untitled(tuple(_overview(row, moment)))),
            Tab("metrics", f"Metrics {len(row.get('metrics') or ())}", _metrics(row)),
            Tab("trend", "Trend", tuple(_trend(row, moment))),
            Tab("past", "Past", _past(row.get("past") or ())),
            Tab("failures", "Failures", tuple(_failures(row.get("past"), moment))),
            Tab("why", "Why", _why(row.get("explained"), moment)),
        ),
    )


def title(row: Row, moment: Moment) -> Line:
    state, ink = states.spelled(states.CHECK, row.get("state"))
    name = plain(check_name(row, moment))
    return ((name, Ink.STRONG), (f"  {state}", ink), (f"  {clean(row.get('ci_name') or row.get('ci'))}", Ink.TEXT))


def preview(row: Row, moment: Moment) -> Document:
    """What fits beside the list."""
    return tuple(_overview(row, moment))


def _overview(row: Row, moment: Moment) -> Iterator[Block]:
    yield Heading(plain(check_name(row, moment)), clean(row.get("type") or ""))
    yield Prose(text(clean(row.get("output") or "never run")))
    yield Pair("state", _state(row, moment))
    if row.get("behind"):
        yield Pair("unreachable", text(f"behind {cells.said(row['behind'])}, so nobody is told of it"))
    yield Pair("on", ci_name(row, moment))
    if row.get("incident"):
        yield Pair("incident", text(f"INC-{clean(row.get('incident'))}"))
    yield Pair(
        "last run", text(f"{moment.age(row.get('last_result_at'))} ago" if row.get("last_result_at") else "never")
    )
    if row.get("reason"):
        yield Pair("because", text(clean(row.get("reason")).replace("_", " ")))
    yield from _asserted(row, "last_result")
    yield from _definition(row.get("definition"))
    yield from _measured(row, moment)
    yield from _sparks(row, moment)
    yield from _phases(cells.value(row, "last_result.phases"), moment)
    if detail := cells.value(row, "last_result.detail"):
        yield Heading("Output")
        for line in str(detail).splitlines():
            yield Prose(text(clean(line), Ink.DIM))


def _state(row: Row, moment: Moment) -> Line:
    hardness = "" if row.get("hard", True) else f", try {row.get('attempt')}: not yet certain"
    return (
        states.spelled(states.CHECK, row.get("state")),
        (f"  for {moment.age(row.get('since'))}{hardness}", Ink.DIM),
    )


def _definition(definition: object) -> Iterator[Block]:
    if not isinstance(definition, Mapping):
        return
    every, retry = definition.get("interval_s", 300), definition.get("retry_s", 60)
    yield Pair("every", text(f"{long_span(every)}, again after {long_span(retry)}", Ink.TEXT))
    if params := definition.get("params"):
        yield Pair("asks for", text(cells.said(params)))
    yield Pair("rule", text(clean(definition.get("rule", "default")), Ink.DIM))


def _measured(row: Row, moment: Moment) -> Iterator[Block]:
    metrics = row.get("metrics") or ()
    if metrics:
        yield Heading("Metrics")
    for metric in metrics:
        limits = "  ".join(f"{name} {clean(metric[name])}" for name in ("warn", "crit") if metric.get(name))
        yield Pair(clean(metric.get("name"))[:18], ((amount(metric), Ink.TEXT), (f"  {limits}", Ink.FAINT)))


def amount(metric: Row) -> str:
    """A value with its unit: bytes in binary units, seconds as a span."""
    number, unit = metric.get("value"), clean(metric.get("unit") or "")
    if not isinstance(number, int | float):
        return "no value"
    if unit == "B":
        return cells.size(number)
    if unit == "s":
        return long_span(number) if number else "0s"
    return f"{number:.6g}{unit}"


def _phases(phases: object, moment: Moment) -> Iterator[Block]:
    if not isinstance(phases, Mapping) or not phases:
        return
    yield Heading("Phases")
    yield from _phase_bars(phases, moment)


def _phase_bars(phases: object, moment: Moment) -> Iterator[Block]:
    spans = phases if isinstance(phases, Mapping) else {}
    longest = max((span for span in spans.values() if isinstance(span, int | float)), default=0) or 1
    for name, span in spans.items():
        bar = moment.glyphs.full * max(1, round(span / longest * _PHASE_CELLS))
        yield Pair(clean(name).replace("_", " "), ((f"{_took(span):>7} ", Ink.TEXT), (bar, Ink.DIM)))


def _took(span_s: float) -> str:
    """`12ms`, `1.25s`: where the time went is a matter of parts of a second."""
    return f"{span_s:.2f}s" if 1 <= span_s < 60 else long_span(span_s)


def _series(row: Row) -> Iterator[tuple[Row, list[tuple[datetime, float]]]]:
    """Each metric that was kept, with its means over time."""
    series = row.get("series")
    for metric in series.get("metrics") or () if isinstance(series, Mapping) else ():
        points = [
            (point["at"], float(point["mean"]))
            for point in metric.get("points") or ()
            if isinstance(point.get("mean"), int | float)
        ]
        if points:
            yield metric, points


def _sparks(row: Row, moment: Moment) -> Iterator[Block]:
    """The last hours of each metric in a line."""
    found = list(_series(row))[:_MOST_SPARKS]
    if not found:
        return
    since, until = row["series"]["since"], row["series"]["until"]
    yield Heading(f"Last {long_span((until - since).total_seconds())}")
    for metric, points in found:
        drawn = spark(binned(points, since, until, _SPARK_CELLS), moment.glyphs)
        last = amount({"value": points[-1][1], "unit": metric.get("unit")})
        yield Pair(clean(metric.get("name"))[:18], ((drawn, Ink.ACCENT), (f" {last}", Ink.TEXT)))


def _trend(row: Row, moment: Moment) -> Iterator[Block]:
    """The same, several lines high."""
    if not isinstance(row.get("series"), Mapping):
        yield Prose(text(f"Asking the hub{moment.glyphs.ellipsis}", Ink.DIM))
        return
    found = list(_series(row))[:_MOST_CHARTS]
    if not found:
        yield Prose(text("Nothing was measured in this time: the check says only how it is.", Ink.DIM))
    since, until = row["series"]["since"], row["series"]["until"]
    for metric, points in found:
        values = [value for _, value in points]
        low, high = min(0.0, *values), max(values) or 1.0
        say = partial(_said, metric.get("unit"))
        ends = moment.clock(since), moment.clock(until)
        binner = partial(binned, points, since, until)
        yield Heading(clean(metric.get("name")), f"now {say(values[-1])}")
        yield Drawing(partial(chart, binner, _CHART_LINES, low, high, say, _trend_ink, ends, moment.glyphs))


def _said(unit: object, value: float) -> str:
    return amount({"value": value, "unit": unit})


def _trend_ink(_value: float) -> Ink:
    return Ink.ACCENT


def _past(past: Sequence[Row]) -> Listing:
    """Every change of state, newest first."""
    return Listing(
        (
            Column("AT", cells.clock("at"), 16, 9),
            Column("STATE", cells.check_state, 5, 4),
            Column("LASTED", cells.span("lasted_s"), 8, rank=2, right=True),
            Column("OUTPUT", cells.field("output"), 40, 16, rank=1, grow=1),
        ),
        [{**one, "id": str(position)} for position, one in enumerate(past)],
        ("No change of state is on record.", ""),
    )


def _failures(past: object, moment: Moment) -> Iterator[Block]:
    """The last results that were not well, each whole: what was asked of whom, and how long each phase took."""
    if past is None:
        yield Prose(text(f"Asking the hub{moment.glyphs.ellipsis}", Ink.DIM))
        return
    failed = [one for one in past if one.get("result")] if isinstance(past, Sequence) else []
    if not failed:
        yield Prose(text("No failure is on record.", Ink.DIM))
    for one in failed[:_MOST_FAILURES]:
        yield from _failure(one, moment)


def _failure(one: Row, moment: Moment) -> Iterator[Block]:
    state, ink = cells.check_state(one, moment)[0]
    yield Heading(f"{moment.clock(one.get('at'))}  {state}", _tries(one))
    yield Prose(text(clean(one.get("output")), ink))
    yield from _asserted(one, "result")
    yield from _phase_bars(cells.value(one, "result.phases"), moment)


def _asserted(row: Row, result: str) -> Iterator[Block]:
    """Who was asked, and what was wanted and found."""
    for name in ("address", "expected", "actual"):
        if said := cells.value(row, f"{result}.{name}"):
            yield Pair(name, text(clean(said)))


def _tries(one: Row) -> str:
    return "" if one.get("hard", True) else f"try {one.get('attempt')}"


def _why(explained: object, moment: Moment) -> Document:
    """How the state came about, step by step."""
    if not isinstance(explained, Mapping):
        return (Prose(text(f"Asking the hub{moment.glyphs.ellipsis}", Ink.DIM)),)
    thresholds = explained.get("thresholds")
    return (
        Pair("rule", text(clean(explained.get("rule") or "default"))),
        Pair("limits", text(cells.said(thresholds) or "none")),
        Heading("Steps"),
        *(Prose(text(clean(step)), 2) for step in explained.get("steps") or ()),
    )


def _metrics(row: Row) -> Listing:
    return Listing(
        (
            Column("METRIC", cells.field("name", Ink.STRONG), 18, 8, grow=1),
            Column("VALUE", lambda metric, _moment: text(amount(metric)), 12, 8, right=True),
            Column("WARN", cells.field("warn", Ink.DIM), 12, 8, rank=2),
            Column("CRIT", cells.field("crit", Ink.DIM), 12, 8, rank=1),
            Column("MIN", cells.field("minimum", Ink.DIM), 8, rank=3, right=True),
            Column("MAX", cells.field("maximum", Ink.DIM), 8, rank=3, right=True),
        ),
        [{"id": str(position), **metric} for position, metric in enumerate(row.get("metrics") or ())],
        ("No metric.", "This check says only how it is."),
    )
