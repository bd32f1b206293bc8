"""`watchdeck ci find` and `ci diff`: which items, and how they differ."""

from __future__ import annotations

from datetime import datetime

import click

from cmdb.locations import Locations
from console.commands.asking import ask
from console.commands.options import Moment, reading, with_state
from console.commands.text import Column, brief, print_json, say, table
from console.exit_codes import Exit

FOUND = (
    Column("CLASS", "class"),
    Column("NAME", "name"),
    Column("HOST", "host_name"),
    Column("STATE", "state"),
    Column("ID", "id"),
)
DIFFERENCES = (
    Column("ATTRIBUTE", "attribute"),
    Column("A", lambda row: brief(row["a"])),
    Column("B", lambda row: brief(row["b"])),
)


@click.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, metavar="N")
@click.option("--all", "all_", is_flag=True, help="Retired ones too.")
@reading
@with_state
def find(
    locations: Locations, text: tuple[str, ...], limit: int, all_: bool, as_json: bool, at: datetime | None
) -> int:
    """Items by words anywhere in them and by fields: ci find openssl 'version<3.0.13'. Exit 1 when there are none."""
    rows = ask(locations, "ci.find", text=" ".join(text), limit=limit, all=all_, at=at)
    if as_json:
        print_json(rows)
    else:
        say(table(rows, FOUND, empty="nothing is found"))
    return Exit.DONE if rows else Exit.WRONG


@click.command()
@click.argument("a")
@click.argument("b", required=False)
@click.option("--from", "from_", type=Moment(), metavar="TIME", help="A as it was at that moment.")
@click.option("--to", type=Moment(), metavar="TIME", help="B as it was at that moment.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def diff(
    locations: Locations, a: str, b: str | None, from_: datetime | None, to: datetime | None, as_json: bool
) -> int:
    """What differs between items A and B, or on A between two moments. Exit 1 when something does."""
    if b is None and from_ is None and to is None:
        raise click.UsageError("name a second item, or a moment with --from")
    rows = ask(locations, "ci.diff", **{"a": a, "b": b, "from": from_, "to": to})["rows"]
    if as_json:
        print_json(rows)
    else:
        say(table(rows, DIFFERENCES, empty="nothing differs"))
    return Exit.WRONG if rows else Exit.DONE
