"""`watchdeck audit`: who did what, and that nobody altered it since."""

from __future__ import annotations

import click

from cmdb.locations import Locations
from console.commands.asking import ask
from console.commands.options import with_state
from console.commands.text import Column, print_json, say, table
from console.exit_codes import Exit

COLUMNS = (
    Column("SEQ", "seq", right=True),
    Column("WHEN", "at"),
    Column("WHO", "actor"),
    Column("WHY", "reason"),
    Column("WHAT", "summary"),
)


@click.group()
def audit() -> None:
    """Who did what; verify that nothing was altered."""


@audit.command("list")
@click.option("--after", "after_seq", type=click.IntRange(min=0), default=0, metavar="SEQ", help="Only later ones.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def list_(locations: Locations, after_seq: int, as_json: bool) -> None:
    """Every change to the record, oldest first."""
    rows = ask(locations, "audit.list", after_seq=after_seq)
    if as_json:
        print_json(rows)
    else:
        say(table(rows, COLUMNS, empty="nothing was changed"))


@audit.command("verify")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def verify(locations: Locations, as_json: bool) -> int:
    """Check the chain of digests; exit 1 and name the row where it breaks."""
    found = ask(locations, "audit.verify")
    if as_json:
        print_json(found)
    elif found["broken_seq"] is None:
        say(f"{found['rows']} rows, unbroken")
    else:
        say(f"row {found['broken_seq']}: {found['why']}")
    return Exit.DONE if found["broken_seq"] is None else Exit.WRONG
