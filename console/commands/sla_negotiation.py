"""`watchdeck sla revise`, `propose`, `counter`, `sign`, `withdraw`, `diff`, `revisions`: how terms come into force."""

from __future__ import annotations

from typing import Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask, show_command
from console.commands.options import with_state
from console.commands.sla_terms import json_option, share, terms_of, terms_option
from console.commands.text import Column, print_json, say, table

REVISIONS = (
    Column("REVISION", "id"),
    Column("STATE", "state"),
    Column("TARGET", lambda row: share(row["target"]), right=True),
    Column("SIGNED", lambda row: ", ".join(f"{one['who']} ({one['side']})" for one in row["signatures"]) or "-"),
    Column("IN FORCE SINCE", "starts_at"),
)


@click.command()
@click.argument("name")
@terms_option
@json_option
@with_state
def revise(locations: Locations, name: str, pairs: tuple[str, ...], as_json: bool) -> None:
    """Draft the next revision of an agreement."""
    _say_state(ask(locations, "sla.revise", name=name, terms=terms_of(pairs)), as_json)


@click.command()
@click.argument("name")
@terms_option
@json_option
@with_state
def counter(locations: Locations, name: str, pairs: tuple[str, ...], as_json: bool) -> None:
    """Answer a proposed revision (shop@2) with other terms."""
    _say_state(ask(locations, "sla.counter", name=name, terms=terms_of(pairs)), as_json)


@click.command()
@click.argument("name")
@click.option("--for", "side", type=click.Choice(["customer", "provider"]), required=True, help="The side that signs.")
@click.option("--who", default="", metavar="NAME", help="Who signs, when it is not you.")
@json_option
@with_state
def sign(locations: Locations, name: str, side: str, who: str, as_json: bool) -> None:
    """Sign a revision (shop@2); the second side puts it in force."""
    _say_state(ask(locations, "sla.sign", name=name, side=side, who=who), as_json)


def _plain_step(verb: str, help_: str) -> click.Command:
    @click.command(verb, help=help_)
    @click.argument("name")
    @json_option
    @with_state
    def command(locations: Locations, name: str, as_json: bool) -> None:
        _say_state(ask(locations, f"sla.{verb}", name=name), as_json)

    return command


propose = _plain_step("propose", "Propose a draft (shop@2) to the other side.")
withdraw = _plain_step("withdraw", "Take a revision (shop@2) back.")


def _say_state(agreement: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(agreement)
    else:
        say(f"{agreement['id']} is {agreement['state']}")


def _difference(document: dict[str, Any]) -> str:
    columns = (Column("TERM", "term"), Column("IN FORCE", "before"), Column("REVISION", "after"))
    terms = table(document["terms"], columns, empty="the same terms")
    return f"{document['name']} is {document['state']}\n{terms}\n{document['feasibility']}"


diff = show_command(
    "diff", "sla.diff", click.Argument(["name"]), help_="What a revision (shop@2) changes.", render=_difference
)
revisions = show_command(
    "revisions",
    "sla.revisions",
    click.Argument(["name"]),
    help_="An agreement's revisions, signed, negotiated and replaced.",
    render=lambda rows: table(rows, REVISIONS, empty="none"),
)


COMMANDS = (revise, propose, counter, sign, withdraw, diff, revisions)
