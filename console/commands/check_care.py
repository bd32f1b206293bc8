"""`watchdeck check ack` and `check silence`: somebody looks after a check, nobody is told of it for a while."""

from __future__ import annotations

from typing import Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask
from console.commands.for_a_while import for_a_while
from console.commands.options import with_state
from console.commands.sentence import sentence
from console.commands.text import clean, print_json, say, shown


@click.command()
@click.argument("id_", metavar="ID")
@click.argument("words", nargs=-1, metavar="[TEXT]...")
@click.option("-m", "--message", "text", metavar="TEXT", help="A note.")
@click.option("--json", "as_json", is_flag=True, help="The check as one JSON document.")
@with_state
def ack(locations: Locations, id_: str, words: tuple[str, ...], text: str | None, as_json: bool) -> None:
    """Say that you look after a check that is not well, and after its incident where it has one."""
    done = ask(locations, "check.ack", id=id_, text=sentence(text, words))
    if as_json:
        print_json(done)
    else:
        part = f", with INC-{done['incident']}" if done["incident"] else ""
        say(f"{id_} is looked after by {clean(done['acknowledged_by'])}{part}")


@click.command()
@click.argument("id_", metavar="ID")
@click.argument("words", nargs=-1, metavar="[WHY]...")
@for_a_while
@with_state
def silence(locations: Locations, id_: str, words: tuple[str, ...], text: str, as_json: bool, **arguments: Any) -> None:
    """For a while nobody is told of this check; what else there is: watchdeck silence."""
    ask(locations, "check.show", id=id_)  # a typing mistake would silence nothing
    reason = sentence(text, words, "say why: -m TEXT")
    made = ask(locations, "silence.add", matchers=[f"check={id_}"], reason=reason, **arguments)
    if as_json:
        print_json(made)
    else:
        say(f"{made['id']} until {shown(made['end'])}")
