"""`watchdeck ci group`: redundancy groups: of several items that something depends on, how many must be well."""

from __future__ import annotations

from typing import Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask, list_command
from console.commands.options import with_state
from console.commands.text import Column, clean, print_json, say

COLUMNS = (
    Column("DEPENDANT", "dependant_name"),
    Column("GROUP", "name"),
    Column("NEEDS", lambda row: f"{row['needed']} of {len(row['members'])}", right=True),
    Column("WELL", "well", right=True),
    Column("MAY FAIL", lambda row: max(0, row["spare"]), right=True),
    Column("MEMBERS", lambda row: ", ".join(f"{one['name']}{_state(one)}" for one in row["members"])),
)


def _state(member: dict[str, Any]) -> str:
    return f" [{member['state']}]" if member["state"] not in (None, "ok", "pending") else ""


@click.group("group")
def ci_group() -> None:
    """Redundancy: n of m items must be well for what depends on them to be."""


ci_group.add_command(
    list_command(
        "ci.group.list",
        COLUMNS,
        help_="Redundancy groups, with how many of each are well.",
        empty="no redundancy groups",
        view="groups",
        options=(click.Option(["--of", "id"], metavar="ID", help="Only those that this item depends on."),),
    )
)


@ci_group.command("add", help="DEPENDANT needs so many of the MEMBERs of GROUP; those that it has already stay.")
@click.argument("id", metavar="DEPENDANT")
@click.argument("name", metavar="GROUP")
@click.argument("members", metavar="[MEMBER...]", nargs=-1)
@click.option("--needed", type=click.IntRange(min=1), default=1, metavar="N", show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="The group as one JSON document.")
@with_state
def add(locations: Locations, members: tuple[str, ...], as_json: bool, **arguments: Any) -> None:
    _tell(ask(locations, "ci.group.add", members=list(members), **arguments), as_json=as_json)


@ci_group.command("remove", help="Take MEMBERs out of GROUP, or without any the whole group apart.")
@click.argument("id", metavar="DEPENDANT")
@click.argument("name", metavar="GROUP")
@click.argument("members", metavar="[MEMBER...]", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="What is left of the group as one JSON document.")
@with_state
def remove(locations: Locations, members: tuple[str, ...], as_json: bool, **arguments: Any) -> None:
    _tell(ask(locations, "ci.group.remove", members=list(members), **arguments), as_json=as_json)


def _tell(group: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(group)
    elif group["members"]:
        names = ", ".join(clean(member["name"]) for member in group["members"])
        needs = f"needs {group['needed']} of {len(group['members'])} in {clean(group['name'])}"
        say(f"{clean(group['dependant_name'])} {needs}: {names}")
    else:
        say(f"{clean(group['dependant_name'])} has no group {clean(group['name'])} any more")
