"""A configuration item for people: what it is, its attributes, what it hangs together with, its checks, its history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from console.views import cells, states
from console.views.cells import Row
from console.views.columns import Column
from console.views.document import Block, Document, Heading, Pair, Prose
from console.views.ink import Ink, Line, text
from console.views.moment import Moment, long_span
from console.views.page import Listing, Page, Tab, untitled
from console.views.place import Place, plural
from console.views.text import clean
from console.views.tree import tree
from console.views.trouble import CHECKS

_MOST_NAMED = 3


def page(row: Row, moment: Moment) -> Page:
    """The CI's page. What only one tab shows is in the row when that tab was asked for."""
    history = row.get("history")
    relations, checks = row.get("relations") or (), row.get("checks") or ()
    past = f"History {len(history)}" if history is not None else "History"
    return Page(
        title(row, moment),
        (
            Tab("overview", "Overview", untitled(tuple(_overview(row, moment)))),
            Tab("attributes", f"Attributes {len(row.get('attributes') or ())}", _attributes(row)),
            Tab("relations", f"Relations {len(relations)}", _relations(relations)),
            Tab("checks", f"Checks {len(checks)}", _checks(checks)),
            Tab("tree", "Tree", tree(row)),
            Tab("history", past, history_listing(history or ())),
            Tab("why", "Why", _why(row.get("why"), moment)),
        ),
    )


def title(row: Row, _moment: Moment) -> Line:
    health = _health(row)
    host = row.get("host_name")
    return (
        (clean(row.get("name")), Ink.STRONG),
        (f"  {clean(row.get('class'))}", Ink.DIM),
        ("  ", Ink.TEXT),
        *health,
        (f"  on {clean(host)}" if host and host != row.get("name") else "", Ink.DIM),
    )


def preview(row: Row, moment: Moment) -> Document:
    """What fits beside the list."""
    return (*_overview(row, moment), *_values(row))


def _overview(row: Row, moment: Moment) -> Iterator[Block]:
    yield Heading(clean(row.get("name")), clean(row.get("class")))
    yield Pair("state", _health(row))
    if row.get("host_name") or row.get("host"):
        yield Pair("host", text(clean(row.get("host_name") or row.get("host"))))
    yield Pair("seen", _seen(row, moment))
    yield Pair("known for", text(moment.age(row.get("first_seen"))))
    if sources := row.get("sources"):
        yield Pair("sources", text(cells.said(list(sources))))
    yield from _check_lines(row.get("checks") or (), moment)
    if metrics := row.get("metrics"):
        yield Heading("Now")
        yield from (Pair(_label(name), text(measured(name, value))) for name, value in sorted(metrics.items()))
    yield from _relation_lines(row.get("relations") or ())


def _health(row: Row) -> Line:
    status = states.spelled(states.ITEM, row.get("status"))
    if not row.get("state"):
        return (status,)
    return (states.spelled(states.CHECK, row.get("state")), (f"  {status[0]}", Ink.DIM))


def _seen(row: Row, moment: Moment) -> Line:
    if row.get("status") == "in_use":
        return text(f"{moment.age(row.get('last_seen'))} ago")
    return text(f"not for {moment.age(row.get('missing_since') or row.get('last_seen'))}", Ink.WARNING)


def _check_lines(checks: Sequence[Row], moment: Moment) -> Iterator[Block]:
    if checks:
        yield Heading("Checks")
    for check in checks:
        state, ink = states.word(states.CHECK, check.get("state"))
        yield Pair(clean(check.get("type"))[:18], ((f"{state:<5}", ink), (clean(check.get("output")), Ink.TEXT)))


def _relation_lines(relations: Sequence[Row]) -> Iterator[Block]:
    """By how it is related: a few by name, many by their number."""
    if relations:
        yield Heading("Relations", "R lists them")
    alike: dict[tuple[str, str], list[str]] = {}
    for relation in relations:
        alike.setdefault((spoken(relation), clean(relation.get("class"))), []).append(clean(relation.get("name")))
    for (how, class_), names in sorted(alike.items(), key=lambda pair: (len(pair[1]), pair[0])):
        if len(names) <= _MOST_NAMED:
            yield Pair(how, ((", ".join(names), Ink.TEXT), (f"  {class_}", Ink.DIM)))
        else:
            yield Pair(how, ((f"{len(names)} ", Ink.TEXT), (plural(class_), Ink.DIM)))


# A relation read from its target's side.
_INVERSE = {
    "runs_on": "runs",
    "part_of": "has part",
    "listens_on": "offers",
    "installed_on": "has installed",
    "depends_on": "carries",
    "connects_to": "is reached by",
    "uses": "is used by",
    "supports": "is supported by",
    "member_of": "has member",
    "located_at": "is place of",
    "provided_by": "provides",
    "covered_by": "covers",
}


def spoken(relation: Row) -> str:
    """`runs on` outward, `runs` inward."""
    type_ = str(relation.get("type"))
    return _INVERSE.get(type_, type_) if relation.get("direction") == "in" else clean(type_).replace("_", " ")


def measured(name: str, value: object) -> str:
    """A metric's value in the unit that its name says."""
    if name.endswith("_percent") and isinstance(value, int | float):
        return f"{value:.4g}%"
    if name.endswith("_at_s") and isinstance(value, int | float):
        return cells.said(datetime.fromtimestamp(value, UTC))
    if name.endswith("_s") and isinstance(value, int | float):
        return long_span(value)
    if name.endswith("bytes") or "_bytes" in name:
        return cells.size(value) or cells.said(value)
    return cells.said(value)


def _label(name: str) -> str:
    words = clean(name)
    for unit in ("_bytes", "_percent", "_at_s", "_s"):
        words = words.removesuffix(unit)
    return words.replace("_", " ")


def _values(row: Row) -> Iterator[Block]:
    attributes = row.get("attributes") or {}
    if attributes:
        yield Heading("Attributes")
    for name, value in sorted(attributes.items()):
        yield Pair(_label(name), text(measured(name, value)))


def _attributes(row: Row) -> Listing:
    overrides: Mapping[str, object] = row.get("overrides") or {}
    rows: list[Row] = []
    for kind in ("attributes", "metrics", "keys"):
        for name, value in sorted((row.get(kind) or {}).items()):
            shown = overrides.get(name, value) if kind == "attributes" else value
            by = "set by hand" if kind == "attributes" and name in overrides else kind.removesuffix("s")
            rows.append({"id": f"{kind}.{name}", "name": name, "value": measured(name, shown), "kind": by})
    return Listing(
        (
            Column("ATTRIBUTE", cells.field("name", Ink.STRONG), 20, 10, grow=1),
            Column("VALUE", cells.field("value"), 30, 12, grow=3),
            Column("KIND", cells.field("kind", Ink.DIM), 11, rank=1),
        ),
        rows,
        ("No attribute.", ""),
    )


def _relations(relations: Sequence[Row]) -> Listing:
    return Listing(
        (
            Column("RELATION", lambda row, _moment: text(spoken(row), Ink.DIM), 14, 8),
            Column("ITEM", cells.field("name", Ink.STRONG), 24, 12, grow=2),
            Column("CLASS", cells.field("class", Ink.DIM), 14, 8, rank=1),
        ),
        # Only one relation of a type is between two items: with its direction that names it within this list.
        [{**row, "id": f"{row.get('type')}|{row.get('direction')}|{row.get('ci')}"} for row in relations],
        ("No relation known.", "The next scan may find one."),
        lambda row: Place("ci", str(row.get("ci"))),
    )


def _checks(checks: Sequence[Row]) -> Listing:
    columns = [column for column in CHECKS.columns if column.title != "CI"]
    return Listing(columns, checks, ("No check.", "Rules give checks to what they match."), CHECKS.into)


def _why(decisions: Sequence[Row] | None, moment: Moment) -> Document:
    """How observations came to be this CI, newest first."""
    if decisions is None:
        return (Prose(text(f"Asking the hub{moment.glyphs.ellipsis}", Ink.DIM)),)
    blocks: list[Block] = []
    for decision in decisions:
        blocks.append(
            Heading(
                clean(decision.get("rule") or decision.get("outcome") or "decided"), moment.clock(decision.get("at"))
            )
        )
        blocks.extend(Prose(text(clean(sentence)), 2) for sentence in decision.get("sentences") or ())
    return tuple(blocks) or (Prose(text("No decision is on record: nothing had to be decided.", Ink.DIM)),)


def history_listing(history: Sequence[Row]) -> Listing:
    """What changed, newest first."""
    return Listing(
        (
            Column("AT", cells.clock("at"), 10, 8),
            Column(
                "ATTRIBUTE",
                lambda row, _moment: text(clean(row.get("attribute") or "(record)").removeprefix("attributes.")),
                18,
                10,
                grow=1,
            ),
            Column("BEFORE", cells.field("before", Ink.DIM), 16, 8, rank=2, grow=1),
            Column("AFTER", cells.field("after"), 16, 8, rank=1, grow=1),
            Column("WHO", cells.field("actor", Ink.DIM), 10, 6, rank=3),
            Column("WHY", cells.field("reason", Ink.DIM), 14, 8, rank=4, grow=1),
        ),
        [{**row, "id": str(position)} for position, row in enumerate(history)],
        ("No change since it was first seen.", ""),
    )
