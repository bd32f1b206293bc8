"""On call for people: each schedule with who has it, who is next and what is missing; each person with their turns."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from console.views import cells, states
from console.views.cells import Row
from console.views.columns import Column
from console.views.document import Block, Document, Drawing, Heading, Pair, Prose
from console.views.ink import Ink, Line, Span, text
from console.views.moment import Moment, long_span
from console.views.page import Listing, Page, Tab, untitled
from console.views.place import Place
from console.views.text import clean, fit, width
from console.views.view import View

DAYS_DRAWN = 14


def _names(path: str, ink: Ink = Ink.TEXT) -> cells.Render:
    """People, comma-separated; nobody is said in red."""

    def render(row: Row, _moment: Moment) -> Line:
        names = cells.said(cells.value(row, path) or ())
        return ((names, ink),) if names else (("nobody", Ink.CRITICAL),)

    return render


def _gaps(row: Row, moment: Moment) -> Line:
    count = row.get("gaps") or 0
    if not count:
        return (("none", Ink.FAINT),)
    at = row.get("gap_at")
    when = f" in {moment.ahead(at)}" if isinstance(at, datetime) and at > moment.now else " now"
    return ((f"{count}", Ink.WARNING), (f", first{when}", Ink.DIM))


ONCALL = View(
    "oncall",
    "On call",
    "who has each schedule, who is next, and when nobody is there",
    (
        Column("STATE", cells.state("state", states.SCHEDULE), 5, 4, sort="state"),
        Column("SCHEDULE", cells.field("schedule", Ink.STRONG), 14, 8, sort="schedule"),
        Column("NOW", _names("people", Ink.ACCENT), 18, 10, grow=2),
        Column("UNTIL", cells.clock("until"), 10, 9, rank=2, sort="until"),
        Column("NEXT", _names("next"), 18, 8, rank=1, grow=2),
        Column("IN", cells.ahead("next_at"), 4, rank=4, right=True, sort="next_at"),
        Column("GAPS IN 14 DAYS", _gaps, 18, 16, rank=3, grow=1, sort="-gaps"),
        Column("OVERRIDES", cells.count("overrides"), 9, rank=5, right=True, sort="-overrides"),
    ),
    lambda row: Place("schedule", str(row["id"])),
    orders=("", "-gaps", "until"),
    empty=("No schedule.", "Write one into oncall.toml of the state directory; docs/on-call.md says how."),
)
ROSTER = View(
    "roster",
    "Roster",
    "who can be told: teams, turns and ways to reach them",
    (
        Column("STATE", cells.state("state", states.PERSON), 5, 4, sort="state"),
        Column("PERSON", cells.field("name", Ink.STRONG), 16, 8, grow=1, sort="name"),
        Column("TEAMS", cells.field("teams"), 16, 8, rank=2, grow=1, sort="teams"),
        Column("ON CALL FOR", cells.field("oncall", Ink.ACCENT), 16, 11, rank=0, grow=1, sort="oncall"),
        Column("TURN IN", cells.ahead("turn_at"), 7, rank=1, right=True, sort="turn_at"),
        Column("REACHED BY", cells.field("channels", Ink.DIM), 18, 10, rank=3, grow=1),
        Column("QUIET", cells.field("quiet", Ink.DIM), 20, 12, rank=4),
        Column("ZONE", cells.field("timezone", Ink.DIM), 14, 8, rank=5, sort="timezone"),
    ),
    lambda row: Place("person", str(row["id"])),
    orders=("", "-oncall", "turn_at"),
    empty=("Nobody can be told.", "Write people into oncall.toml of the state directory; docs/on-call.md says how."),
)


def schedule_page(row: Row, moment: Moment) -> Page:
    """A schedule's page: now and next, the calendar, what is changed, who had how much."""
    duties, changes, load = row.get("duties") or (), row.get("changes") or (), row.get("load") or ()
    state, ink = states.spelled(states.SCHEDULE, row.get("state"))
    return Page(
        ((clean(row.get("schedule")), Ink.STRONG), (f"  {state}", ink), (f"  {clean(row.get('timezone'))}", Ink.DIM)),
        (
            Tab("overview", "Overview", untitled(schedule_preview(row, moment))),
            Tab("turns", f"Turns {len(duties)}", _turns(duties)),
            Tab("overrides", f"Overrides {len(changes)}", _overrides(changes)),
            Tab("load", f"Load {len(load)}", _load(load)),
        ),
    )


def schedule_preview(row: Row, moment: Moment) -> Document:
    """What fits beside the list."""
    return tuple(_schedule(row, moment))


def person_page(row: Row, moment: Moment) -> Page:
    """A person's page: how to reach them, and their turns."""
    turns = row.get("turns") or ()
    state, ink = states.spelled(states.PERSON, row.get("state"))
    return Page(
        ((clean(row.get("name")), Ink.STRONG), (f"  {state}", ink), (f"  {clean(row.get('timezone'))}", Ink.DIM)),
        (
            Tab("overview", "Overview", untitled(person_preview(row, moment))),
            Tab("turns", f"Turns {len(turns)}", _turns(turns)),
        ),
    )


def person_preview(row: Row, moment: Moment) -> Document:
    """What fits beside the list."""
    return tuple(_person(row, moment))


def _schedule(row: Row, moment: Moment) -> Iterator[Block]:
    yield Heading(clean(row.get("schedule")), clean(row.get("timezone") or ""))
    yield Pair("now", _names("people", Ink.ACCENT)(row, moment))
    if row.get("until"):
        yield Pair("until", ((moment.clock(row["until"]), Ink.TEXT), (f"  {moment.ahead(row['until'])} left", Ink.DIM)))
    if row.get("next_at"):
        yield Pair("next", (*_names("next")(row, moment), (f"  {moment.clock(row['next_at'])}", Ink.DIM)))
    yield Pair("gaps", _gaps(row, moment))
    if duties := row.get("duties"):
        yield Heading(f"The next {DAYS_DRAWN} days")
        yield Drawing(partial(calendar, duties, moment))
    for change in row.get("changes") or ():
        yield from _override(change, moment)
    if load := row.get("load"):
        yield Heading("Load", "hours within four weeks: in all, at night, on weekends")
        for one in load:
            hours = "  ".join(f"{float(one.get(kind) or 0):4.0f}h" for kind in ("total_h", "night_h", "weekend_h"))
            yield Pair(clean(one.get("person")), text(hours))


def calendar(duties: Sequence[Row], moment: Moment, cells_: int) -> list[Line]:
    """A line a person: when they are on call within two weeks, beginning today; a last one for when nobody is."""
    names = sorted({clean(name) for duty in duties for name in duty.get("people") or ()})
    label = min(12, max(width(name) for name in ("nobody", *names)) + 1)
    per_day = max(1, min(4, (cells_ - label) // DAYS_DRAWN))
    start = moment.now.astimezone(moment.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    edges = [start + timedelta(days=1) * (column / per_day) for column in range(per_day * DAYS_DRAWN + 1)]
    letters = per_day if per_day > 2 else 1  # else one name runs into the next
    days = "".join(fit((start + timedelta(days=day)).strftime("%a")[:letters], per_day) for day in range(DAYS_DRAWN))
    lines: list[Line] = [((" " * label, Ink.DIM), (days, Ink.DIM))]
    for name in names:
        own = [duty for duty in duties if name in map(clean, duty.get("people") or ())]
        lines.append(((fit(name, label), Ink.TEXT), *_strip(own, edges, moment, Ink.OK)))
    gaps = [duty for duty in duties if not duty.get("people")]
    if gaps:
        lines.append(((fit("nobody", label), Ink.CRITICAL), *_strip(gaps, edges, moment, Ink.CRITICAL)))
    return lines


def _strip(duties: Sequence[Row], edges: Sequence[datetime], moment: Moment, ink: Ink) -> Iterator[Span]:
    for start, end in itertools.pairwise(edges):
        middle = start + (end - start) / 2
        on = any(duty["start"] <= middle < duty["end"] for duty in duties)
        yield (moment.glyphs.full if on else moment.glyphs.dot, ink if on else Ink.FAINT)


def _override(change: Row, moment: Moment) -> Iterator[Block]:
    yield Heading("Override", clean(change.get("reason") or ""))
    yield Prose(_override_words(change, moment), 2)
    yield Prose(text(f"{moment.clock(change.get('start'))} to {moment.clock(change.get('end'))}", Ink.DIM), 2)


def _override_words(change: Row, _moment: Moment) -> Line:
    people, kind = cells.said(change.get("people") or ()), str(change.get("kind"))
    words = {
        "replace": f"{people} instead of {clean(change.get('instead_of') or '')}",
        "add": f"{people} too",
        "remove": f"without {people}",
        "temporary": f"only {people}",
    }
    return text(words.get(kind, f"{clean(kind)} {people}"))


def _person(row: Row, moment: Moment) -> Iterator[Block]:
    yield Heading(clean(row.get("name")), clean(row.get("timezone") or ""))
    yield Pair("state", (states.spelled(states.PERSON, row.get("state")),))
    yield Pair("on call for", text(cells.said(row.get("oncall") or ()) or "nothing now"))
    if row.get("turn_at"):
        yield Pair(
            "next turn", ((moment.clock(row["turn_at"]), Ink.TEXT), (f"  in {moment.ahead(row['turn_at'])}", Ink.DIM))
        )
    yield Pair("teams", text(cells.said(row.get("teams") or ()) or "none"))
    yield Pair("reached by", _channels(row))
    if row.get("quiet"):
        yield Pair("quiet", ((clean(row["quiet"]), Ink.TEXT), ("  but for a P1", Ink.DIM)))
    if turns := row.get("turns"):
        yield Heading(f"The next {DAYS_DRAWN} days")
        own: list[Mapping[str, object]] = [{**turn, "people": [turn.get("schedule")]} for turn in turns]
        yield Drawing(partial(calendar, own, moment))


def _channels(row: Row) -> Line:
    names = cells.said(row.get("channels") or ())
    return text(names) if names else (("no channel: nothing reaches them", Ink.WARNING),)


def _length(row: Row, _moment: Moment) -> Line:
    return text(long_span((row["end"] - row["start"]).total_seconds()), Ink.DIM)


def _turns(duties: Sequence[Row]) -> Listing:
    schedules = any(duty.get("schedule") for duty in duties)
    return Listing(
        (
            Column("FROM", cells.clock("start"), 16, 9),
            Column("TO", cells.clock("end"), 16, 9, rank=1),
            Column("FOR", _length, 7, rank=2, right=True),
            *((Column("SCHEDULE", cells.field("schedule", Ink.STRONG), 16, 8, grow=1),) if schedules else ()),
            Column("WHO", _names("people"), 24, 10, grow=2),
        ),
        [{**duty, "id": str(position)} for position, duty in enumerate(duties)],
        ("No turn within four weeks.", ""),
    )


def _overrides(changes: Sequence[Row]) -> Listing:
    return Listing(
        (
            Column("FROM", cells.clock("start"), 16, 9),
            Column("TO", cells.clock("end"), 16, 9, rank=1),
            Column("WHO", _override_words, 26, 14, grow=2),
            Column("WHY", cells.field("reason", Ink.DIM), 20, 8, rank=2, grow=1),
            Column("BY", cells.field("by", Ink.DIM), 8, 6, rank=3),
        ),
        changes,
        ("Nothing is changed: the rotation holds.", "watchdeck oncall override changes it for a while."),
    )


def _hours(path: str) -> cells.Render:
    def render(row: Row, _moment: Moment) -> Line:
        hours = float(cells.value(row, path) or 0)
        return ((f"{hours:.0f}h", Ink.TEXT if hours else Ink.FAINT),)

    return render


def _load(load: Sequence[Row]) -> Listing:
    return Listing(
        (
            Column("PERSON", cells.field("person", Ink.STRONG), 16, 8, grow=1),
            Column("IN ALL", _hours("total_h"), 7, right=True),
            Column("AT NIGHT", _hours("night_h"), 8, rank=1, right=True),
            Column("WEEKEND", _hours("weekend_h"), 8, rank=2, right=True),
        ),
        [{**one, "id": str(one.get("person"))} for one in load],
        ("Nobody has a turn.", ""),
        lambda one: Place("person", str(one.get("person"))),
    )
