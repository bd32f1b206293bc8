"""`watchdeck check`: what is probed, and how it is."""

from __future__ import annotations

from typing import Any

import click

from console.commands.asking import list_command, show_command
from console.commands.text import Column, age, clean, record
from console.exit_codes import Exit

COLUMNS = (
    Column("STATE", lambda row: row["state"] if row["hard"] else f"{row['state']} ({row['attempt']})"),
    Column("SINCE", lambda row: age(row["since"]), right=True),
    Column("ITEM", "ci_name"),
    Column("CHECK", "type"),
    Column("ID", "id"),
    Column("OUTPUT", "output"),
)


@click.group()
def check() -> None:
    """Health: what is probed, how it is, and why."""


def _id() -> click.Argument:
    return click.Argument(["id"], metavar="ID")


def _explained(document: dict[str, Any]) -> str:
    return "\n".join([f"{document['check']}  rule {document['rule']}", *(clean(step) for step in document["steps"])])


def _judged(document: dict[str, Any]) -> int:
    return Exit.DONE if document["state"] == "ok" else Exit.WRONG


check.add_command(
    list_command("check.list", COLUMNS, help_="Checks and their states.", empty="no checks match", view="checks")
)
check.add_command(
    show_command("show", "check.show", _id(), help_="One check with its definition and last result.", render=record)
)
check.add_command(
    show_command("explain", "check.explain", _id(), help_="Why it is as it is, step by step.", render=_explained)
)
check.add_command(
    show_command(
        "run",
        "check.run",
        _id(),
        help_="Run it now; exit 1 when it is not ok.",
        render=lambda document: f"{document['state']}  {clean(document['output'])}",
        status=_judged,
    )
)
