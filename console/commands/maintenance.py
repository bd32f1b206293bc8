"""`watchdeck maintenance`: what is worked on opens no incidents and calls nobody."""

from __future__ import annotations

from datetime import datetime

import click

from cmdb.locations import Locations
from console.commands.asking import ask
from console.commands.oncall import until
from console.commands.options import Duration, Moment, with_state
from console.commands.text import Column, print_json, say, shown, table

COLUMNS = (
    Column("ID", "id"),
    Column("STATE", "state"),
    Column("FROM", lambda row: shown(row["start"])),
    Column("TO", lambda row: shown(row["end"])),
    Column("REPEATS", "repeats"),
    Column("SELECTS", "select"),
    Column("BY", "by"),
    Column("WHY", "title"),
)


@click.group()
def maintenance() -> None:
    """Windows in which what is worked on opens no incidents and calls nobody."""


@maintenance.command("list")
@click.option("--all", "all_", is_flag=True, help="Those that are over too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def list_(locations: Locations, all_: bool, as_json: bool) -> None:
    """Windows now and to come."""
    rows = ask(locations, "maintenance.list", all=all_)
    if as_json:
        print_json(rows)
    else:
        say(table(rows, COLUMNS, empty="no maintenance"))


@maintenance.command("add")
@click.argument("select", metavar="EXPR")
@click.option("-m", "--message", "title", required=True, metavar="TEXT", help="What is done.")
@click.option("--start", type=Moment(), metavar="TIME", help="From then on, not from now.")
@click.option("--end", type=Moment(), metavar="TIME", help="Until then.")
@click.option("--for", "length_s", type=Duration(), metavar="TIME", help="For so long (2h).")
@click.option("--flexible", "lasts_s", type=Duration(), metavar="TIME", help="So long from the first problem on.")
@click.option("--repeats", metavar="HOURS", help="Open at these hours (Sun 02:00-04:00).")
@click.option("--timezone", metavar="ZONE", help="The zone of these hours.  [default: UTC]")
@click.option(
    "--week", "weeks", type=click.IntRange(-1, 5), multiple=True, help="Only that one of a month; -1 the last."
)
@click.option("--json", "as_json", is_flag=True, help="The window as one JSON document.")
@with_state
def add(
    locations: Locations,
    select: str,
    title: str,
    start: datetime | None,
    end: datetime | None,
    length_s: float | None,
    lasts_s: float | None,
    repeats: str | None,
    timezone: str | None,
    weeks: tuple[int, ...],
    as_json: bool,
) -> None:
    """Work on what EXPR selects (class=host name=web1), and on all that lives on it."""
    made = ask(
        locations,
        "maintenance.add",
        select=select,
        title=title,
        start=start,
        end=until(start, end, length_s),
        lasts_s=lasts_s,
        repeats=repeats,
        timezone=timezone,
        weeks=list(weeks),
    )
    if as_json:
        print_json(made)
    else:
        say(f"{made['id']} {made['state']} until {shown(made['end'])}")


@maintenance.command("end")
@click.argument("id_", metavar="ID")
@with_state
def end_(locations: Locations, id_: str) -> None:
    """End a window now, for good."""
    ask(locations, "maintenance.end", id=id_)
    say(f"{id_} is over")
