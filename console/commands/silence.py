"""`watchdeck silence`: for a while nobody is told of what matches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask
from console.commands.for_a_while import for_a_while
from console.commands.options import with_state
from console.commands.sentence import sentence, told_apart
from console.commands.text import Column, print_json, say, shown, table

COLUMNS = (
    Column("ID", "id"),
    Column("STATE", "state"),
    Column("UNTIL", lambda row: shown(row["end"])),
    Column("BY", "by"),
    Column("MATCHERS", lambda row: " ".join(row["matchers"])),
    Column("REASON", "reason"),
)


@click.group()
def silence() -> None:
    """For a while nobody is told of what matches; incidents are opened all the same."""


@silence.command("list")
@click.option("--all", "all_", is_flag=True, help="Ended ones too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def list_(locations: Locations, all_: bool, as_json: bool) -> None:
    """Silences; `ending` are those that end within the hour."""
    rows = ask(locations, "silence.list", all=all_)
    if as_json:
        print_json(rows)
    else:
        say(table(rows, COLUMNS, empty="no silences"))


@silence.command("add")
@click.argument("words", nargs=-1, required=True, metavar="MATCHER... [WHY]...")
@for_a_while
@with_state
def add(
    locations: Locations, words: tuple[str, ...], start: datetime | None, end: datetime, text: str, as_json: bool
) -> None:
    """Silence what all matchers match: host=web1, priority=~[345], service!=shop. What follows them says why."""
    matchers, why = told_apart(words)
    reason = sentence(text, why, "say why: -m TEXT")
    made = ask(locations, "silence.add", matchers=matchers, start=start, end=end, reason=reason)
    if as_json:
        print_json(made)
    else:
        quiet = ask(locations, "silence.preview", matchers=matchers)
        say(f"{made['id']} until {shown(made['end'])}: {_holds_for(quiet)}")


def _holds_for(incidents: list[dict[str, Any]]) -> str:
    """What a silence hushes now: one that was typed wrong holds for nothing."""
    named = ", ".join(f"INC-{one['number']}" for one in incidents)
    return f"it holds for {named}" if named else "it holds for no incident that is open now"


@silence.command("end")
@click.argument("id_", metavar="ID")
@with_state
def end_(locations: Locations, id_: str) -> None:
    """End a silence now."""
    ask(locations, "silence.end", id=id_)
    say(f"{id_} has ended")
