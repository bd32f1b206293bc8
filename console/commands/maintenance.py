"""`watchdeck maintenance`: what is worked on opens no incidents and calls nobody."""

from __future__ import annotations

from typing import Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask
from console.commands.for_a_while import for_a_while
from console.commands.options import Duration, with_state
from console.commands.sentence import sentence, told_apart
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
@click.argument("words", nargs=-1, required=True, metavar="EXPR [WHAT IS DONE]...")
@for_a_while
@click.option("--flexible", "lasts_s", type=Duration(), metavar="TIME", help="So long from the first problem on.")
@click.option("--repeats", metavar="HOURS", help="Open at these hours (Sun 02:00-04:00).")
@click.option("--timezone", metavar="ZONE", help="The zone of these hours.  [default: UTC]")
@click.option(
    "--week", "weeks", type=click.IntRange(-1, 5), multiple=True, help="Only that one of a month; -1 the last."
)
@with_state
def add(locations: Locations, words: tuple[str, ...], text: str, as_json: bool, **arguments: Any) -> None:
    """Work on what EXPR selects (class=host name=web1), and on all that lives on it. What follows says what is done."""
    select, what = told_apart(words)
    title = sentence(text, what, "say what is done: -m TEXT")
    made = ask(locations, "maintenance.add", select=" ".join(select), title=title, **arguments)
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
