"""Silences and maintenance windows for people: what they hold back, until when, whose they are and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from console.views import cells, states
from console.views.cells import Row
from console.views.columns import Column
from console.views.document import Block, Document, Heading, Pair, Prose
from console.views.ink import Ink, Line, text
from console.views.moment import Moment, long_span
from console.views.page import Listing, Page, Tab, untitled
from console.views.place import Place
from console.views.text import clean
from console.views.view import View


def _left(row: Row, moment: Moment) -> Line:
    """Until it ends; until it begins where it has not yet."""
    if row.get("state") == "pending":
        return ((f"in {moment.ahead(row.get('start'))}", Ink.DIM),)
    until = row.get("open_until") or row.get("end")
    return ((moment.ahead(until), Ink.WARNING if row.get("state") == "ending" else Ink.TEXT),)


def _matchers(row: Row, _moment: Moment) -> Line:
    return ((clean(" ".join(row.get("matchers") or ())), Ink.STRONG),)


def _repeats(row: Row, moment: Moment) -> Line:
    if row.get("lasts_s"):
        return ((f"{long_span(float(row['lasts_s']))} from the first problem", Ink.DIM),)
    return ((clean(row.get("repeats") or moment.glyphs.dash), Ink.DIM),)


SILENCES = View(
    "silences",
    "Silences",
    "what nobody is told of for a while",
    (
        Column("STATE", cells.state("state", states.SILENCE), 5, 4, sort="state"),
        Column("LEFT", _left, 6, right=True, sort="end"),
        Column("HOLDS FOR", _matchers, 28, 16, grow=3),
        Column("WHY", cells.field("reason"), 24, 12, rank=1, grow=2, sort="reason"),
        Column("BY", cells.field("by", Ink.DIM), 8, 6, rank=2, sort="by"),
        Column("UNTIL", cells.clock("end"), 16, 8, rank=3, sort="end"),
    ),
    lambda row: Place("silence", str(row["id"])),
    orders=("", "-end", "by"),
    empty=("Nothing is silenced.", "S on an incident, check or item holds back what is told of it."),
)
MAINTENANCE = View(
    "maintenance",
    "Maintenance",
    "what is worked on: it opens no incident and calls nobody",
    (
        Column("STATE", cells.state("state", states.MAINTENANCE), 5, 4, sort="state"),
        Column("LEFT", _left, 6, right=True, sort="end"),
        Column("WHAT", cells.field("title", Ink.STRONG), 22, 12, rank=0, grow=2, sort="title"),
        Column("COVERS", cells.field("select"), 24, 12, rank=1, grow=2, sort="select"),
        Column("FROM", cells.clock("start"), 16, 8, rank=3, sort="start"),
        Column("TO", cells.clock("end"), 16, 8, rank=2, sort="end"),
        Column("REPEATS", _repeats, 16, 10, rank=5),
        Column("BY", cells.field("by", Ink.DIM), 8, 6, rank=4, sort="by"),
    ),
    lambda row: Place("window", str(row["id"])),
    orders=("", "-start", "end"),
    empty=("Nothing is worked on.", "M on an item or service begins a window; watchdeck maintenance add plans one."),
)


def silence_page(row: Row, moment: Moment) -> Page:
    """A silence's page: itself, and the open incidents that it holds for."""
    matches = row.get("matches") or ()
    return Page(
        _title(_held(row), states.SILENCE, row),
        (
            Tab("overview", "Overview", untitled(silence_preview(row, moment))),
            Tab("matches", f"Incidents {len(matches)}", _matches(matches)),
        ),
    )


def silence_preview(row: Row, moment: Moment) -> Document:
    """What fits beside the list."""
    return tuple(_silence(row, moment))


def window_page(row: Row, moment: Moment) -> Page:
    """A maintenance window's page: itself, and what it covers."""
    covers: Mapping[str, object] = row.get("covers") or {}
    hosts = covers.get("hosts")
    names = hosts if isinstance(hosts, list) else []
    return Page(
        _title(clean(row.get("title")), states.MAINTENANCE, row),
        (
            Tab("overview", "Overview", untitled(window_preview(row, moment))),
            Tab("hosts", f"Hosts {len(names)}", _hosts(names)),
        ),
    )


def window_preview(row: Row, moment: Moment) -> Document:
    """What fits beside the list."""
    return tuple(_window(row, moment))


def _title(name: str, words: states.Words, row: Row) -> Line:
    state, ink = states.spelled(words, row.get("state"))
    return ((name, Ink.STRONG), (f"  {state}", ink), (f"  by {clean(row.get('by'))}", Ink.DIM))


def _held(row: Row) -> str:
    return clean(" ".join(row.get("matchers") or ()))


def _silence(row: Row, moment: Moment) -> Iterator[Block]:
    yield Heading(_held(row), "silence")
    yield Prose(text(clean(row.get("reason"))))
    yield Pair("state", (states.spelled(states.SILENCE, row.get("state")),))
    yield from _times(row, moment)
    yield Pair("by", text(clean(row.get("by"))))
    yield Heading("Holds for", "incidents that all of these match")
    for matcher in row.get("matchers") or ():
        yield Prose(text(clean(matcher)), 2)
    matches = row.get("matches")
    if matches is not None:
        yield Heading("Open now", f"{len(matches)}" if matches else "none")
        for one in matches:
            yield Prose(((f"INC-{one['number']}  ", Ink.STRONG), (clean(one.get("title")), Ink.TEXT)), 2)


def _window(row: Row, moment: Moment) -> Iterator[Block]:
    yield Heading(clean(row.get("title")), "maintenance")
    yield Pair("state", (states.spelled(states.MAINTENANCE, row.get("state")),))
    yield from _times(row, moment)
    if row.get("repeats") or row.get("lasts_s"):
        yield Pair("open", _repeats(row, moment))
    yield Pair("by", text(clean(row.get("by"))))
    yield Pair("selects", text(clean(row.get("select"))))
    covers = row.get("covers")
    if isinstance(covers, Mapping):
        yield from covered(covers)
    if spans := row.get("spans"):
        yield Heading("Open next")
        for span in spans:
            length = long_span((span["end"] - span["start"]).total_seconds())
            yield Prose(((moment.clock(span["start"]), Ink.TEXT), (f"  for {length}", Ink.DIM)), 2)


def covered(covers: Mapping[str, object]) -> Iterator[Block]:
    """What a window holds back: items, hosts, the services on them."""
    hosts, services = _names(covers.get("hosts")), _names(covers.get("services"))
    yield Heading("Covers")
    yield Pair("items", text(str(covers.get("items") or 0)))
    more = f" and {covers.get('more_hosts')} more" if covers.get("more_hosts") else ""
    yield Pair("hosts", text(", ".join(hosts[:12]) + (f" and {len(hosts) - 12} more" if len(hosts) > 12 else more)))
    yield Pair("services", text(", ".join(services) or "none", Ink.WARNING if services else Ink.TEXT))


def _names(found: object) -> list[str]:
    return [clean(one) for one in found] if isinstance(found, list | tuple) else []


def _times(row: Row, moment: Moment) -> Iterator[Block]:
    yield Pair("from", text(moment.clock(row.get("start"))))
    ends = row.get("ended_at") or row.get("end")
    left = f"  {moment.ahead(ends)} left" if isinstance(ends, datetime) and ends > moment.now else ""
    yield Pair("until", ((moment.clock(ends), Ink.TEXT), (left, Ink.DIM)))


def _matches(matches: Sequence[Row]) -> Listing:
    return Listing(
        (
            Column("P", cells.priority, 2),
            Column("STATE", cells.state("state", states.INCIDENT), 5, 4),
            Column("INCIDENT", cells.number, 8),
            Column("WHAT", cells.field("title"), 30, 12, grow=1),
        ),
        [{**one, "id": str(one.get("number"))} for one in matches],
        ("No open incident matches.", "It holds for those that come, too."),
        lambda one: Place("incident", str(one.get("number"))),
    )


def _hosts(names: Sequence[object]) -> Listing:
    return Listing(
        (Column("HOST", cells.field("name", Ink.STRONG), 30, 12, grow=1),),
        [{"id": str(name), "name": name} for name in names],
        ("No host.", "What it selects is not a host, or not there."),
        lambda one: Place("ci", str(one.get("name"))),
    )
