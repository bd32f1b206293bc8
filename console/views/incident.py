"""An incident for people: its clocks, what it touches, what may have caused it, what was done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from console.views import cells, states
from console.views.cells import Row
from console.views.columns import Column
from console.views.document import Block, Document, Heading, Pair, Prose
from console.views.ink import Ink, Line, Span, text
from console.views.moment import Moment, long_span
from console.views.page import Listing, Page, Tab, untitled
from console.views.place import Place
from console.views.text import clean
from console.views.trouble import ci_name

_WHAT_INK = {"opened": Ink.CRITICAL, "acknowledged": Ink.ACCENT, "resolved": Ink.OK, "recovered": Ink.OK}


def page(row: Row, moment: Moment) -> Page:
    """The incident's page."""
    timeline = row.get("timeline") or ()
    suspects, effects = row.get("suspects") or (), row.get("effects") or ()
    return Page(
        title(row, moment),
        (
            Tab("overview", "Overview", untitled(preview(row, moment))),
            Tab("timeline", f"Timeline {len(timeline)}", _timeline(row)),
            *_told(row),
            Tab("checks", f"Checks {len(effects)}", _effects(effects)),
            Tab("suspects", f"Suspects {len(suspects)}", _suspects(row)),
        ),
    )


def title(row: Row, moment: Moment) -> Line:
    """`INC-12  P2 new  what happened`."""
    state, ink = states.spelled(states.INCIDENT, row.get("state"))
    return (
        (f"INC-{clean(row.get('number'))}", Ink.STRONG),
        ("  ", Ink.TEXT),
        *cells.priority(row, moment),
        (f" {state}", ink),
        (f"  {clean(row.get('title'))}", Ink.TEXT),
    )


def preview(row: Row, moment: Moment) -> Document:
    """Everything, the timeline newest first."""
    return (*_overview(row, moment), *_short_timeline(row, moment))


def _overview(row: Row, moment: Moment) -> Iterator[Block]:
    state = states.spelled(states.INCIDENT, row.get("state"))
    yield Heading(f"INC-{clean(row.get('number'))}")
    yield Prose(text(clean(row.get("title"))))
    yield Pair("state", (state, *_held(row)))
    yield Pair("priority", (*cells.priority(row, moment), *_matrix(row)))
    if row.get("ci"):
        yield Pair("on", ci_name(row, moment))
    if services := row.get("services"):
        yield Pair("touches", text(cells.said(services)))
    yield Pair("opened", _moment(row.get("opened_at"), moment))
    yield Pair("respond", _clock(row, "respond_due", "acknowledged_at", moment))
    yield Pair("resolve", _clock(row, "resolve_due", "resolved_at", moment))
    if major := row.get("major"):
        yield Pair("major", _update(row, major, moment))
    if row.get("acknowledged_by"):
        yield Pair("taken by", text(clean(row.get("acknowledged_by"))))
    if row.get("assignee"):
        yield Pair("assigned", text(clean(row.get("assignee"))))
    yield from _effect_lines(row)
    if suspects := row.get("suspects"):
        yield Heading("Suspects", "changed shortly before")
        for suspect in suspects:
            yield Prose(
                ((f"{moment.age(suspect.get('at'))} ago  ", Ink.DIM), (clean(suspect.get("what")), Ink.TEXT)), 2
            )


def _effect_lines(row: Row) -> Iterator[Block]:
    effects = row.get("effects") or ()
    if len(effects) > 1 or any(effect.get("recovered_at") for effect in effects):
        yield Heading("Checks", "bad together")
        for effect in effects:
            state, ink = _effect_state(effect)
            name = clean(effect.get("name")) or clean(effect.get("check")).rpartition("/")[2]
            yield Prose(((f"{state:<5}", ink), (name, Ink.TEXT), (f"  {clean(effect.get('role'))}", Ink.DIM)), 5)
        if (more := int(row.get("affected") or 0) - len(effects)) > 0:
            yield Prose(text(f"and {more} more", Ink.DIM), 5)


def _effect_state(effect: Row) -> Span:
    return states.word(states.CHECK, "ok" if effect.get("recovered_at") else effect.get("severity"))


def _held(row: Row) -> Line:
    return text(f"  {clean(row.get('hold_reason'))}", Ink.DIM) if row.get("hold_reason") else ()


def _matrix(row: Row) -> Line:
    if not row.get("impact") or not row.get("urgency"):
        return ()
    left = ", redundancy left" if row.get("redundancy_left") else ""
    return text(f" impact {row.get('impact')}, urgency {row.get('urgency')}{left}", Ink.DIM)


def _update(row: Row, major: Row, moment: Moment) -> Line:
    """When people are to hear something again; red once that is overdue."""
    due, over = major.get("update_due_at"), row.get("resolved_at") or row.get("closed_at")
    if over or not isinstance(due, datetime):
        return text(clean(major.get("reason")))
    left_s = (due - moment.now).total_seconds()
    said = f"update due in {long_span(left_s)}" if left_s > 0 else f"update overdue by {long_span(-left_s)}"
    return ((said, Ink.TEXT if left_s > 0 else Ink.CRITICAL), (f"  {clean(major.get('reason'))}", Ink.DIM))


def _moment(at: object, moment: Moment) -> Line:
    return ((f"{moment.age(at)} ago", Ink.TEXT), (f"  {moment.clock(at)}", Ink.DIM))


def _clock(row: Row, due: str, done: str, moment: Moment) -> Line:
    """A due time: kept or missed once it is done, counting down until then."""
    until, ended = row.get(due), row.get(done)
    if not until:
        return text("no limit agreed", Ink.FAINT)
    if ended:
        late = (ended - until).total_seconds()
        verdict = (f"missed by {long_span(late)}", Ink.CRITICAL) if late > 0 else ("kept", Ink.OK)
        return (verdict, (f"  {moment.clock(ended)}", Ink.DIM))
    left = (until - moment.now).total_seconds()
    said = f"{long_span(left)} left" if left >= 0 else f"{long_span(-left)} late"
    return ((said, cells.clock_ink(left)), (f"  {moment.clock(until)}", Ink.DIM))


def _short_timeline(row: Row, moment: Moment) -> Iterator[Block]:
    entries = row.get("timeline") or ()
    if entries:
        yield Heading("Timeline")
    for entry in reversed(entries):
        yield Prose((*_when_and_what(entry, moment), *_who(entry)))
        if said := clean(entry.get("text") or ""):
            yield Prose(text(f"  {said}", Ink.DIM), 2)


def _when_and_what(entry: Row, moment: Moment) -> Line:
    what = clean(entry.get("what"))
    return ((f"{moment.clock(entry.get('at'))}  ", Ink.DIM), (what, _WHAT_INK.get(what, Ink.TEXT)))


def _who(entry: Row) -> Line:
    return text(f"  {clean(entry.get('who') or '')}", Ink.DIM)


def _timeline(row: Row) -> Listing:
    entries = reversed(row.get("timeline") or ())
    return Listing(
        (
            Column("AT", cells.clock("at"), 10, 8),
            Column(
                "WHAT",
                lambda entry, _moment: text(
                    clean(entry.get("what")), _WHAT_INK.get(clean(entry.get("what")), Ink.TEXT)
                ),
                14,
                8,
            ),
            Column("WHO", cells.field("who", Ink.DIM), 12, 6, rank=2),
            Column("TEXT", cells.field("text"), 30, 10, rank=1, grow=1),
        ),
        [{"id": str(position), **entry} for position, entry in enumerate(entries)],
        ("Nothing happened yet.", ""),
    )


def _told(row: Row) -> Iterator[Tab]:
    """A major incident's own timeline: who was told what, newest first."""
    said = tuple((row.get("major") or {}).get("communications") or ())
    if row.get("major"):
        listing = Listing(
            (
                Column("AT", cells.clock("at"), 10, 8),
                Column("BY", cells.field("by", Ink.DIM), 12, 6, rank=2),
                Column("AUDIENCE", cells.field("audience"), 14, 8),
                Column("TOLD", cells.field("text"), 30, 10, rank=1, grow=1),
            ),
            [{"id": str(position), **one} for position, one in reversed(list(enumerate(said)))],
            ("Nobody was told anything yet.", 'watchdeck incident tell N AUDIENCE "TEXT"'),
        )
        yield Tab("told", f"Told {len(said)}", listing)


def _suspects(row: Row) -> Listing:
    return Listing(
        (
            Column("AT", cells.clock("at"), 10, 8),
            Column("CI", cells.field("ci"), 16, 10, rank=2, grow=1),
            Column("CHANGE", cells.field("what"), 30, 10, rank=1, grow=3),
            Column("STEPS", cells.count("distance"), 5, rank=3, right=True),
        ),
        [{"id": str(position), **suspect} for position, suspect in enumerate(row.get("suspects") or ())],
        ("Nothing changed shortly before.", ":changes shows what changed at all."),
        lambda suspect: Place("ci", str(suspect.get("ci"))),
    )


def _effects(effects: Sequence[Row]) -> Listing:
    return Listing(
        (
            Column("STATE", lambda effect, _moment: (_effect_state(effect),), 5, 4),
            Column("SINCE", cells.age("since"), 5, rank=2, right=True),
            Column("CHECK", cells.field("name"), 30, 14, grow=2),
            Column("PART", cells.field("role", Ink.DIM), 9, rank=1),
            Column("WHY", cells.field("why", Ink.DIM), 24, 10, rank=3, grow=2),
        ),
        [{**effect, "id": effect["check"], "name": effect.get("name") or effect["check"]} for effect in effects],
        ("No check.", "Somebody opened this incident by hand."),
        lambda effect: Place("check", str(effect.get("check"))),
    )
