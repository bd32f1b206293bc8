"""`watchdeck oncall`: who is on call, whose turn it is when, and what is changed for a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TextIO

import click

from cmdb.locations import Locations
from console.commands.asking import ask, list_command
from console.commands.for_a_while import for_a_while
from console.commands.options import InputFile, Moment, with_state
from console.commands.sentence import sentence
from console.commands.text import Column, age, print_json, say, shown, table

LARGEST_CALENDAR = 4 * 1024 * 1024
PEOPLE = Column("PEOPLE", lambda row: ", ".join(row["people"]) or "NOBODY")
RECORDED_PEOPLE = Column(
    "PEOPLE", lambda row: ", ".join(row["people"]) or ("NOBODY" if row["recorded"] else "not on record")
)
SPAN = (Column("FROM", lambda row: shown(row["start"])), Column("TO", lambda row: shown(row["end"])))
TURNS = (Column("SCHEDULE", "schedule"), *SPAN, PEOPLE)
GAPS = (Column("SCHEDULE", "schedule"), *SPAN)
LOADS = (
    Column("SCHEDULE", "schedule"),
    Column("PERSON", "person"),
    Column("HOURS", lambda row: f"{row['total_h']:.0f}", right=True),
    Column("NIGHT", lambda row: f"{row['night_h']:.0f}", right=True),
    Column("WEEKEND", lambda row: f"{row['weekend_h']:.0f}", right=True),
)
OVERRIDES = (
    Column("ID", "id"),
    Column("SCHEDULE", "schedule"),
    Column("KIND", "kind"),
    PEOPLE,
    Column("INSTEAD OF", "instead_of"),
    *SPAN,
    Column("BY", "by"),
    Column("REASON", "reason"),
)


MESSAGES = (
    Column("AGE", lambda row: age(row["created_at"]), right=True),
    Column("WHO", "person"),
    Column("STATE", "state"),
    Column("ABOUT", "title"),
    Column("LAST", lambda row: (row["receipts"] or ["not sent yet"])[-1]),
)


@click.group()
def oncall() -> None:
    """Who is on call, and when."""


@oncall.command("who")
@click.argument("schedule", required=False)
@click.option("--at", type=Moment(), metavar="TIME", help="At that moment: of the past, what was written down.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def who(locations: Locations, schedule: str | None, at: datetime | None, as_json: bool) -> None:
    """Who is on call now, or at a moment."""
    rows = ask(locations, "oncall.who", schedule=schedule, at=at)
    columns = (Column("SCHEDULE", "schedule"), RECORDED_PEOPLE, Column("UNTIL", lambda row: shown(row["until"])))
    _say(rows, columns, as_json, "no schedule: write one in oncall.toml")


def _windowed(name: str, verb: str, columns: Sequence[Column], help_: str, empty: str) -> None:
    @oncall.command(name, help=help_)
    @click.argument("schedule", required=False)
    @click.option("--start", type=Moment(), metavar="TIME", help="From then on, not from now.")
    @click.option("--days", type=click.IntRange(1, 366), default=14, show_default=True, metavar="N")
    @click.option("--json", "as_json", is_flag=True, help="One JSON document.")
    @with_state
    def command(locations: Locations, as_json: bool, **arguments: Any) -> None:
        _say(ask(locations, verb, **arguments), columns, as_json, empty)


_windowed("schedule", "oncall.schedule", TURNS, "Whose turn it is when.", "no schedule: write one in oncall.toml")
_windowed("mine", "oncall.mine", TURNS, "Your own turns.", "no turn of yours")
_windowed("gaps", "oncall.gaps", GAPS, "When nobody is on call.", "no gaps")
_windowed("load", "oncall.load", LOADS, "Hours of each person: in all, at night, on weekends.", "no hours")


@oncall.command("override")
@click.argument("schedule")
@click.option("--add", "add", multiple=True, metavar="WHO", help="On call too.")
@click.option("--remove", "remove", multiple=True, metavar="WHO", help="Not on call.")
@click.option("--replace", "replace", nargs=2, metavar="WHO BY", help="BY instead of WHO, when WHO has the turn.")
@click.option("--only", "only", multiple=True, metavar="WHO", help="These instead of everybody else.")
@for_a_while
@click.argument("words", nargs=-1, metavar="[WHY]...")
@with_state
def override(
    locations: Locations,
    schedule: str,
    add: tuple[str, ...],
    remove: tuple[str, ...],
    replace: tuple[str, str] | None,
    only: tuple[str, ...],
    start: datetime | None,
    end: datetime,
    text: str,
    words: tuple[str, ...],
    as_json: bool,
) -> None:
    """Change a schedule for a while: one of --add, --remove, --replace, --only."""
    goes, comes = replace or ("", "")
    named = {"add": add, "remove": remove, "temporary": only, "replace": (comes,) if comes else ()}
    changes = [(kind, people) for kind, people in named.items() if people]
    if len(changes) != 1:
        raise click.UsageError("say one of --add, --remove, --replace and --only")
    kind, people = changes[0]
    made = ask(
        locations,
        "oncall.override",
        schedule=schedule,
        kind=kind,
        people=list(people),
        instead_of=goes or None,
        start=start,
        end=end,
        reason=sentence(text, words),
    )
    if as_json:
        print_json(made)
    else:
        say(f"{made['id']}: {kind} {', '.join(people)} in {schedule} until {shown(made['end'])}")


@oncall.command("overrides")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def overrides(locations: Locations, as_json: bool) -> None:
    """What is changed now or will be."""
    _say(ask(locations, "oncall.overrides"), OVERRIDES, as_json, "nothing is changed")


@oncall.command("end")
@click.argument("id_", metavar="ID")
@with_state
def end_(locations: Locations, id_: str) -> None:
    """End an override now, or take it back before it begins."""
    ask(locations, "oncall.end", id=id_)
    say(f"{id_} has ended")


@oncall.command("export")
@click.argument("schedule", required=False)
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, metavar="N")
@with_state
def export(locations: Locations, schedule: str | None, days: int) -> None:
    """The calendar (ICS) on stdout."""
    say(ask(locations, "oncall.export", schedule=schedule, days=days)["text"].rstrip())


@oncall.command("import")
@click.argument("schedule")
@click.argument("file", type=InputFile(encoding="utf-8", errors="replace"))
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, metavar="N")
@click.option("--dry-run", is_flag=True, help="Say what would be added, add nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def import_(locations: Locations, schedule: str, file: TextIO, days: int, dry_run: bool, as_json: bool) -> None:
    """Take a calendar's events (ICS) as temporary schedules of the people in their summaries."""
    text = file.read(LARGEST_CALENDAR)
    done = ask(locations, "oncall.import", schedule=schedule, text=text, days=days, dry_run=dry_run)
    if as_json:
        print_json(done)
    else:
        say(f"{len(done['added'])} {'would be added' if dry_run else 'added'}, {done['known']} were known")


oncall.add_command(
    list_command(
        "oncall.messages",
        MESSAGES,
        help_="What was sent to whom, newest first, and what became of it.",
        empty="no messages",
        view="",
        name="messages",
    )
)


def _say(rows: Any, columns: Sequence[Column], as_json: bool, empty: str) -> None:
    if as_json:
        print_json(rows)
    else:
        say(table(rows, columns, empty=empty))
