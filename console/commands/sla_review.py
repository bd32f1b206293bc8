"""`watchdeck sla review`, `reviews`, `import`, `export`: periods kept as evidence, agreements as OpenSLO."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import click

from cmdb.locations import Locations
from console.commands.asking import ask, list_command
from console.commands.options import InputFile, with_state
from console.commands.report import report_options, show_report
from console.commands.sla_terms import json_option
from console.commands.text import Column, clean, print_json, say
from console.exit_codes import Exit

REVIEWS = (
    Column("REVIEW", "id"),
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
@with_state
def review(locations: Locations, name: str, period: str, format_: str) -> None:
    """Review a period: keep its evidence, open the actions that follow from it."""
    show_report(ask(locations, "sla.review", name=name, period=period), format_)


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


COMMANDS = (review, list_reviews, import_, export)
