"""An agent for people: where it runs, when it was last heard, how each section of its last scan went."""

from __future__ import annotations

from collections.abc import Iterator

from console.views import cells, states
from console.views.cells import Row
from console.views.columns import Column
from console.views.document import Block, Document, Heading, Pair
from console.views.ink import Ink, Line, text
from console.views.moment import Moment
from console.views.page import Listing, Page, Tab, untitled
from console.views.text import clean


def page(row: Row, moment: Moment) -> Page:
    """The agent's page."""
    return Page(
        title(row, moment),
        (
            Tab("overview", "Overview", untitled(tuple(_overview(row, moment)))),
            Tab("sections", f"Sections {len(row.get('sections') or ())}", _sections(row)),
        ),
    )


def title(row: Row, _moment: Moment) -> Line:
    state, ink = states.spelled(states.AGENT, row.get("state"))
    return ((clean(row.get("name")), Ink.STRONG), (f"  {state}", ink), (f"  {clean(row.get('platform'))}", Ink.DIM))


def preview(row: Row, moment: Moment) -> Document:
    """What fits beside the list."""
    return (*_overview(row, moment), *_section_lines(row))


def _overview(row: Row, moment: Moment) -> Iterator[Block]:
    yield Heading(clean(row.get("name")), clean(row.get("agent_version") or ""))
    yield Pair("state", (states.spelled(states.AGENT, row.get("state")),))
    yield Pair("platform", text(clean(row.get("platform") or "not known")))
    yield Pair("heard", text(f"{moment.age(row.get('last_heard'))} ago"))
    yield Pair("report", text(f"{moment.age(row.get('last_report'))} ago" if row.get("last_report") else "none yet"))
    yield Pair("connected", text(f"for {moment.age(row.get('connected_at'))}, {clean(row.get('transport') or '')}"))
    yield Pair("rights", text("root" if row.get("privileged") else "unprivileged: some sections may be denied"))


def _section_lines(row: Row) -> Iterator[Block]:
    sections = row.get("sections") or {}
    if sections:
        yield Heading("Last scan")
    for name, section in sorted(sections.items()):
        outcome, ink = states.word(states.OUTCOME, section.get("outcome"))
        said = clean(section.get("detail") or f"{section.get('items', 0)} items")
        yield Pair(clean(name), ((f"{outcome:<5}", ink), (said, Ink.DIM)))


def _sections(row: Row) -> Listing:
    return Listing(
        (
            Column("STATE", cells.state("outcome", states.OUTCOME), 5, 4),
            Column("SECTION", cells.field("id", Ink.STRONG), 16, 10, grow=1),
            Column("ITEMS", cells.count("items"), 6, rank=1, right=True),
            Column("TOOK", cells.span("duration_s"), 7, rank=3, right=True),
            Column("DETAIL", cells.field("detail", Ink.DIM), 30, 10, rank=2, grow=3),
        ),
        [{**section, "id": name} for name, section in sorted((row.get("sections") or {}).items())],
        ("No scan yet.", "It scans shortly after it connects."),
    )
