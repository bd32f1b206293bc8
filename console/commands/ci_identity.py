"""`watchdeck ci why/review/pin/merge/unmerge/set/retire`: what people decide about items."""

from __future__ import annotations

import json
from collections.abc import Callable
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


def add_to(group: click.Group) -> None:
    """Add these commands to `watchdeck ci`."""
    group.add_command(
        show_command("why", "ci.why", _argument("id"), help_="Why reports are taken to be of this item.", render=_why)
    )
    group.add_command(
        list_command(
            "ci.review",
            REVIEW_COLUMNS,
            name="review",
            help_="Questions of identity that only a person can settle.",
            empty="no open questions",
            view="reviews",
            options=(click.Option(["--all", "all"], is_flag=True, default=None, help="Settled ones too."),),
        )
    )
    group.add_command(
        _deed(
            "pin",
            "ci.pin",
            "Settle a review: its report is of the item ID, or without one of a new item.",
            lambda ci: f"reports like this are of {clean(ci['name'])} ({ci['id']})",
            _argument("review"),
            _argument("id", required=False),
        )
    )
    group.add_command(
        _deed(
            "merge",
            "ci.merge",
            "OTHER is the same thing as ID: make them one.",
            lambda ci: f"merged into {clean(ci['name'])} ({ci['id']}); undo: watchdeck ci unmerge {ci['id']}",
            _argument("id"),
            _argument("other"),
        )
    )
    group.add_command(
        _deed(
            "unmerge",
            "ci.unmerge",
            "Undo the last merge into ID.",
            lambda ci: f"{clean(ci['name'])} ({ci['id']}) is as it was",
            _argument("id"),
        )
    )
    group.add_command(
        _deed(
            "set",
            "ci.set",
            "Set attributes by hand (NAME=VALUE, or NAME= to take yours away); they win over what is discovered.",
            lambda ci: f"{clean(ci['name'])}: {_values(ci['overrides'])}",
            _argument("id"),
            click.Argument(["values"], nargs=-1, required=True, type=Assignment(), metavar="NAME=VALUE..."),
            _text(),
        )
    )
    group.add_command(
        _deed(
            "retire",
            "ci.retire",
            "Retire an item, and with a host all that is on it.",
            lambda ci: f"{clean(ci['name'])} is retired",
            _argument("id"),
            _text(),
        )
    )


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


def _argument(name: str, *, required: bool = True) -> click.Argument:
    return click.Argument([name], required=required, metavar=name.upper() if required else f"[{name.upper()}]")


def _text() -> click.Option:
    return click.Option(["-m", "text"], metavar="TEXT", help="Why.")


def _deed(
    name: str, verb: str, help_: str, done: Callable[[dict[str, Any]], str], *params: click.Parameter
) -> click.Command:
    """A command that changes something and says what is then."""

    @click.command(name, help=help_)
    @click.option("--json", "as_json", is_flag=True, help="The item as one JSON document.")
    @with_state
    def command(locations: Locations, as_json: bool, **arguments: Any) -> None:
        if "values" in arguments:
            arguments["values"] = dict(arguments["values"])
        document = ask(locations, verb, **arguments)
        if as_json:
            print_json(document)
        else:
            say(done(document))

    command.params[:0] = params
    return command


def _why(decisions: list[dict[str, Any]]) -> str:
    blocks = []
    for one in decisions:
        head = f"{shown(one['at'])}  {clean(one['name'])} by {clean(one['source'])}"
        blocks.append("\n  ".join([head, *map(clean, one["sentences"])]))
    return "\n\n".join(blocks) or "nothing was decided: this item was not discovered by an agent"


def _values(overrides: dict[str, Any]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in sorted(overrides.items())) or "nothing is set by hand"
