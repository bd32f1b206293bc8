"""`watchdeck sla review`, `reviews`, `reviewed`, `actions`, `action`, `import`, `export`: evidence kept; OpenSLO."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import click

from cmdb.locations import Locations
from console.commands.asking import ask, list_command
from console.commands.options import InputFile, with_state
from console.commands.report import FORMATS, TIMEZONE, report_options, show_report
from console.commands.sla_terms import json_option
from console.commands.text import Column, clean, print_json, say, table
from console.exit_codes import Exit

REVIEWS = (
    Column("REVIEW", "ref"),
    Column("FROM", "start"),
    Column("TO", "end"),
    Column("PERIOD", "period"),
    Column("BY", "made_by"),
    Column("AGREEMENTS", "agreements", right=True),
    Column("BREACHED", "breached", right=True),
    Column("OPEN ACTIONS", "open_actions", right=True),
)

list_reviews = list_command(
    "sla.reviews", REVIEWS, name="reviews", help_="Reviews that were kept.", empty="no reviews", view="sla"
)


@click.command()
@click.argument("name", required=False, default="")
@report_options
@TIMEZONE
@with_state
def review(locations: Locations, name: str, period: str, format_: str, timezone: str) -> None:
    """Review a period: keep its evidence, open the actions that follow from it."""
    show_report(locations, ask(locations, "sla.review", name=name, period=period, timezone=timezone), format_)


ACTIONS = (
    Column("ACTION", "id"),
    Column("DUE", lambda row: f"{row['due_on']} overdue" if row["overdue"] else row["due_on"]),
    Column("OWNER", lambda row: row["owner"] or "nobody yet"),
    Column("STATE", lambda row: f"done by {row['done_by']}" if row["done"] else "open"),
    Column("WHAT", "text"),
)
ALL = click.Option(["--all"], is_flag=True, help="Those that are done, too.")
list_actions = list_command(
    "sla.actions",
    ACTIONS,
    name="actions",
    help_="What reviews left to be done, by due date.",
    empty="nothing is to be done",
    view="sla",
    options=(ALL,),
)


@click.command()
@click.argument("name", metavar="REVIEW")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@with_state
def reviewed(locations: Locations, name: str, format_: str) -> None:
    """A review that was kept, as it was frozen, with its actions as they are now."""
    show_report(locations, ask(locations, "sla.reviewed", name=name), format_)


@click.command()
@click.argument("id_", metavar="ACTION")
@click.option("--done/--open", default=None, help="It is done, or open again.")
@click.option("--owner", default="", metavar="NAME", help="Who does it.")
@click.option("--due", "due_on", default="", metavar="DATE", help="Until when: 2027-01-15.")
@click.option("-m", "--text", default="", metavar="TEXT", help="What is to be done.")
@json_option
@with_state
def action(
    locations: Locations, id_: str, done: bool | None, owner: str, due_on: str, text: str, as_json: bool
) -> None:
    """Change an action of a review (3fa9c1d2-1), or open another for a review (3fa9c1d2)."""
    found = ask(locations, "sla.action", id=id_, done=done, owner=owner, due_on=due_on, text=text)
    if as_json:
        print_json(found)
    else:
        say(table([found], ACTIONS, empty=""))


@click.command("import")
@click.argument("file", type=InputFile("r", encoding="utf-8"))
@click.option("--dry-run", is_flag=True, help="Say what would become of it, and change nothing.")
@json_option
@with_state
def import_(locations: Locations, file: IO[str], dry_run: bool, as_json: bool) -> int:
    """Take agreements from an OpenSLO file; they become a file of services.d."""
    found = ask(locations, "sla.import", text=file.read(), name=Path(file.name).stem, dry_run=dry_run)
    if as_json:
        print_json(found)
    else:
        say(found["text"] if dry_run else f"{found['file']}: {', '.join(found['agreements']) or 'nothing'}")
        for refused in found["refused"]:
            say(f"refused: {clean(refused)}")
    return Exit.WRONG if found["refused"] else Exit.DONE


@click.command()
@click.argument("name", required=False, default="")
@with_state
def export(locations: Locations, name: str) -> None:
    """Agreements as OpenSLO YAML."""
    say(ask(locations, "sla.export", name=name)["text"].rstrip("\n"))


COMMANDS = (review, list_reviews, reviewed, list_actions, action, import_, export)
