"""`watchdeck user`: who may come in by SSH, and as what."""

from __future__ import annotations

from typing import TextIO

import click

from cmdb.locations import Locations
from console.commands.asking import ask, list_command
from console.commands.options import InputFile, with_state
from console.commands.text import Column, print_json, say

ROLES = ("viewer", "operator", "on-call", "admin")
COLUMNS = (
    Column("USER", "name"),
    Column("ROLE", "role"),
    Column("KEYS", lambda row: " ".join(row["keys"]) or "by certificate"),
)


@click.group()
def user() -> None:
    """People who may come in by SSH."""


user.add_command(
    list_command("user.list", COLUMNS, help_="Users, their roles and keys.", empty="no users yet", view="users")
)


@user.command("add")
@click.argument("name", metavar="NAME")
@click.option("--key", type=InputFile(), metavar="FILE", help="Their public key, a .pub file; - reads it from stdin.")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What they may do.")
@click.option("--json", "as_json", is_flag=True, help="The user as one JSON document.")
@with_state
def add(locations: Locations, name: str, key: TextIO | None, role: str, as_json: bool) -> None:
    """Let someone in by SSH; for one who is in, add a key or change the role."""
    text = key.read(20_000) if key is not None else ""
    added = ask(locations, "user.add", name=name, role=role, key=text)
    if as_json:
        print_json(added)
    else:
        say(f"{name} is {role}, {' '.join(added['keys']) or 'by certificate of the SSH CA'}")


@user.command("remove")
@click.argument("name", metavar="NAME")
@with_state
def remove(locations: Locations, name: str) -> None:
    """Take someone's way in; who is logged in is cut off at once."""
    ask(locations, "user.remove", name=name)
    say(f"{name} is out")
