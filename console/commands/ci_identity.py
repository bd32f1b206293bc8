"""`watchdeck ci why/review/pin/merge/unmerge/set/retire`: what people decide about items."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask, list_command, show_command
from console.commands.options import with_state
from console.commands.text import Column, age, clean, print_json, say, shown

REVIEW_COLUMNS = (
    Column("REVIEW", "id"),
    Column("AGE", lambda row: age(row["opened_at"]), right=True),
    Column("STATE", "state"),
    Column("PROPOSAL", lambda row: f"{row['proposal']} {row['proposed_ci'] or ''}"),
    Column("QUESTION", "question"),
)


@dataclass(frozen=True)
class Deed:
    """A command that changes something; `done` says what is then. Parameters are by name, optional ones in []."""

    name: str
    help: str
    done: Callable[[dict[str, Any]], str]
    params: tuple[str, ...]


DEEDS = (
    Deed(
        "pin",
        "Settle a review: its report is of the item ID, or without one of a new item.",
        lambda ci: f"reports like this are of {clean(ci['name'])} ({ci['id']})",
        ("review", "[id]"),
    ),
    Deed(
        "merge",
        "OTHER is the same thing as ID: make them one.",
        lambda ci: f"merged into {clean(ci['name'])} ({ci['id']}); undo: watchdeck ci unmerge {ci['id']}",
        ("id", "other"),
    ),
    Deed(
        "unmerge",
        "Undo the last merge into ID.",
        lambda ci: f"{clean(ci['name'])} ({ci['id']}) is as it was",
        ("id",),
    ),
    Deed(
        "set",
        "Set attributes by hand (NAME=VALUE, or NAME= to take yours away); they win over what is discovered.",
        lambda ci: f"{clean(ci['name'])}: {_values(ci['overrides'])}",
        ("id", "values", "-m"),
    ),
    Deed(
        "retire",
        "Retire an item, and with a host all that is on it.",
        lambda ci: f"{clean(ci['name'])} is retired",
        ("id", "-m"),
    ),
)


def add_to(group: click.Group) -> None:
    """Add these commands to `watchdeck ci`."""
    why = show_command("why", "ci.why", _param("id"), help_="Why reports are taken to be of this item.", render=_why)
    review = list_command(
        "ci.review",
        REVIEW_COLUMNS,
        name="review",
        help_="Questions of identity that only a person can settle.",
        empty="no open questions",
        view="reviews",
        options=(click.Option(["--all", "all"], is_flag=True, default=None, help="Settled ones too."),),
    )
    for command in (why, review, *map(_command, DEEDS)):
        group.add_command(command)


class Assignment(click.ParamType[tuple[str, Any]]):
    """`NAME=VALUE`; a value that is JSON is that, anything else is text, nothing is null."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Any]:
        name, equals, text = str(value).partition("=")
        if not equals or not name:
            self.fail(f"{value!r} is not NAME=VALUE", param, ctx)
        if not text:
            return name, None
        try:
            return name, json.loads(text)
        except ValueError:
            return name, text


def _param(name: str) -> click.Argument:
    """`id` is needed, `[id]` is not."""
    plain = name.strip("[]")
    return click.Argument([plain], required=name == plain, metavar=name.upper())


def _params(deed: Deed) -> list[click.Parameter]:
    special: dict[str, click.Parameter] = {
        "values": click.Argument(["values"], nargs=-1, required=True, type=Assignment(), metavar="NAME=VALUE..."),
        "-m": click.Option(["-m", "text"], metavar="TEXT", help="Why."),
    }
    return [special[name] if name in special else _param(name) for name in deed.params]


def _command(deed: Deed) -> click.Command:
    @click.command(deed.name, help=deed.help)
    @click.option("--json", "as_json", is_flag=True, help="The item as one JSON document.")
    @with_state
    def command(locations: Locations, as_json: bool, **arguments: Any) -> None:
        if "values" in arguments:
            arguments["values"] = dict(arguments["values"])
        document = ask(locations, f"ci.{deed.name}", **arguments)
        if as_json:
            print_json(document)
        else:
            say(deed.done(document))

    command.params[:0] = _params(deed)
    return command


def _why(decisions: list[dict[str, Any]]) -> str:
    blocks = []
    for one in decisions:
        head = f"{shown(one['at'])}  {clean(one['name'])} by {clean(one['source'])}"
        blocks.append("\n  ".join([head, *map(clean, one["sentences"])]))
    return "\n\n".join(blocks) or "nothing was decided: this item was not discovered by an agent"


def _values(overrides: dict[str, Any]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in sorted(overrides.items())) or "nothing is set by hand"
