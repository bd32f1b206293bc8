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


ASKED = (
    Column("WHO", "who"),
    Column("AGREEMENT", "agreement"),
    Column("TOLD", lambda row: row["receipt"] or "not yet"),
    Column("ANSWER", lambda row: _answer(row["consent"])),
)


@maintenance.command("show")
@click.argument("id_", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def show(locations: Locations, id_: str, as_json: bool) -> None:
    """A window: what it covers, when it is open, who was told and what they answered."""
    found = ask(locations, "maintenance.show", id=id_)
    if as_json:
        print_json(found)
        return
    say(table([found], COLUMNS, empty=""))
    say(f"\nservices: {', '.join(found['covers']['services']) or 'none'} ({found['covers']['items']} items)")
    for span in found["spans"]:
        say(f"open {shown(span['start'])} to {shown(span['end'])}")
    say(f"\n{table(found['asked'], ASKED, empty='no agreement has a stakeholder to ask')}")


@maintenance.command("consent")
@click.argument("id_", metavar="ID")
@click.option("--who", required=True, metavar="NAME", help="The stakeholder whose answer it is.")
@click.option("--agree/--object", "agrees", default=True, help="Agree, or object.")
@click.option("-m", "--text", default="", metavar="TEXT", help="Why.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def consent(locations: Locations, id_: str, who: str, agrees: bool, text: str, as_json: bool) -> None:
    """Write down what a stakeholder says to planned work."""
    found = ask(locations, "maintenance.consent", id=id_, who=who, agrees=agrees, text=text)
    if as_json:
        print_json(found)
    else:
        say(table(found["asked"], ASKED, empty=""))


def _answer(given: dict[str, Any] | None) -> str:
    if given is None:
        return "none yet"
    word = "agrees" if given["agrees"] else "OBJECTS"
    return f"{word}: {given['text']}" if given["text"] else word


@maintenance.command("end")
@click.argument("id_", metavar="ID")
@with_state
def end_(locations: Locations, id_: str) -> None:
    """End a window now, for good."""
    ask(locations, "maintenance.end", id=id_)
    say(f"{id_} is over")
