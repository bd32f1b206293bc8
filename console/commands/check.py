"""`watchdeck check`: what is probed, and how it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import IO, Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask, list_command, show_command
from console.commands.check_care import ack, silence
from console.commands.check_history import failure_text, history, series, series_lines, state_of
from console.commands.check_run import run
from console.commands.maintenance import maintenance
from console.commands.options import AT, InputFile, Moment, with_state
from console.commands.text import Column, Row, age, clean, print_json, record, say
from console.errors import CommandError
from console.exit_codes import Exit

MOST_FAILURES = 5
MAX_IMPORT_CHARS = 16 * 1024 * 1024


def _state(row: Row) -> str:
    said = "unreachable" if row.get("behind") else state_of(row)
    return f"{said}, flapping" if row.get("flapping") else said


def _output(row: Row) -> str:
    """With what keeps it from being reached before it."""
    return f"behind {', '.join(row['behind'])}: {row['output']}" if row.get("behind") else str(row["output"])


COLUMNS = (
    Column("STATE", _state),
    Column("SINCE", lambda row: age(row["since"]), right=True),
    Column("ITEM", "ci_name"),
    Column("CHECK", "type"),
    Column("ID", "id"),
    Column("OUTPUT", _output),
)


@click.group()
def check() -> None:
    """Health: what is probed, how it is, and why."""


def _id() -> click.Argument:
    return click.Argument(["id"], metavar="ID")


def _explained(document: dict[str, Any]) -> str:
    return "\n".join([f"{document['check']}  rule {document['rule']}", *(clean(step) for step in document["steps"])])


check.add_command(
    list_command("check.list", COLUMNS, help_="Checks and their states.", empty="no checks match", view="checks")
)
for command in (history, series, run, ack, silence, maintenance):
    check.add_command(command)
check.add_command(
    show_command(
        "explain", "check.explain", _id(), help_="Why it is as it is, step by step.", render=_explained, options=(AT,)
    )
)


@check.command("show")
@click.argument("id_", metavar="ID")
@click.option("--at", type=Moment(), metavar="TIME", help="As it was at that moment.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def show(locations: Locations, id_: str, at: datetime | None, as_json: bool) -> None:
    """One check with its definition, its last result, what it measured lately, and how it last failed."""
    document = ask(locations, "check.show", id=id_, at=at)
    if as_json:
        print_json(document)
        return
    measured = series_lines(ask(locations, "check.series", id=id_, until=at))
    past = ask(locations, "check.history", id=id_, until=at)
    failures = [failure_text(row) for row in past if row["result"]][:MOST_FAILURES]
    parts = [
        record(document),
        "\n".join(["last three hours", *measured] if measured else []),
        "\n".join(["last failures", *failures] if failures else []),
    ]
    say("\n\n".join(part for part in parts if part))


@check.command("import")
@click.argument("format_", metavar="FORMAT", type=click.Choice(["nagios", "blackbox", "gatus"]))
@click.argument("file", type=InputFile(encoding="utf-8", errors="replace"))
@click.option("--apply", default="", help="CIs whose agents run what Gatus probed.  [default: the hub's own agent]")
def import_(format_: str, file: IO[str], apply: str) -> None:
    """Print the checks of another tool's file as rules for services.d; what is not taken stands on stderr."""
    # 10 ms and a YAML parser that no other command of checks needs.
    from cmdb.check_import import blackbox, gatus, nagios  # noqa: PLC0415
    from cmdb.check_import.imported import CannotImport, Imported, to_toml  # noqa: PLC0415

    text = file.read(MAX_IMPORT_CHARS)
    readers: dict[str, Callable[[str], Imported]] = {
        "nagios": nagios.read,
        "blackbox": blackbox.read,
        "gatus": functools.partial(gatus.read, apply=apply),
    }
    try:
        imported = readers[format_](text)
    except CannotImport as error:
        raise CommandError(Exit.USAGE, file.name, str(error), "see: watchdeck check import --help") from error
    say(to_toml(imported).rstrip("\n"))
    for one in imported.not_taken:
        click.echo(f"not taken: {clean(one)}", err=True)
