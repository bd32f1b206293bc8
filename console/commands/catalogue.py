"""`watchdeck catalogue`: what is offered to whom, published version by version."""

from __future__ import annotations

from typing import Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask, list_command
from console.commands.options import with_state
from console.commands.sla_terms import json_option, share
from console.commands.text import Column, print_json, say, table

VERSIONS = (
    Column("VERSION", "number", right=True),
    Column("PUBLISHED", "published_at"),
    Column("BY", "published_by"),
    Column("SERVICES", "services", right=True),
    Column("RETIRED", "retired_at"),
    Column("NOTE", "note"),
)
ENTRIES = (
    Column("SERVICE", "name"),
    Column("KIND", "kind"),
    Column("OWNER", "owner"),
    Column("CUSTOMERS", "customers"),
    Column("HOURS", "hours"),
    Column(
        "OFFERINGS", lambda row: ", ".join(f"{one['name']} {share(one['target'])}" for one in row["offerings"]) or "-"
    ),
    Column("TITLE", "title"),
)
DIFFERENCES = (
    Column("SERVICE", "service"),
    Column("WHAT", lambda row: row["what"] or ("new" if row["after"] is True else "gone")),
    Column("BEFORE", lambda row: row["before"] if row["what"] else None),
    Column("AFTER", lambda row: row["after"] if row["what"] else None),
)


@click.group()
def catalogue() -> None:
    """The service catalogue: show, publish, retire, list, diff."""


catalogue.add_command(
    list_command(
        "catalogue.list", VERSIONS, help_="Published versions.", empty="nothing was published yet", view="services"
    )
)


@catalogue.command()
@click.argument("number", type=click.IntRange(min=0), required=False, default=0, metavar="[N]")
@json_option
@with_state
def show(locations: Locations, number: int, as_json: bool) -> None:
    """What is offered now, or in version N."""
    _shown(ask(locations, "catalogue.show", number=number), ENTRIES, as_json, "no services")


@catalogue.command()
@click.argument("before", type=click.IntRange(min=0), required=False, metavar="[N]")
@click.argument("after", type=click.IntRange(min=0), required=False, default=0, metavar="[M]")
@json_option
@with_state
def diff(locations: Locations, before: int | None, after: int, as_json: bool) -> None:
    """What changed since the last published version, since N, or from N to M."""
    rows = ask(locations, "catalogue.diff", before=before, after=after)
    _shown(rows, DIFFERENCES, as_json, "no difference")


@catalogue.command()
@click.option("-m", "--note", default="", metavar="TEXT", help="What is new.")
@json_option
@with_state
def publish(locations: Locations, note: str, as_json: bool) -> None:
    """Freeze what is offered now as the next version."""
    _said(ask(locations, "catalogue.publish", note=note), as_json, "published")


@catalogue.command()
@click.argument("number", type=click.IntRange(min=1), metavar="N")
@json_option
@with_state
def retire(locations: Locations, number: int, as_json: bool) -> None:
    """Take version N out of use; it is kept."""
    _said(ask(locations, "catalogue.retire", number=number), as_json, "retired")


def _shown(rows: list[dict[str, Any]], columns: tuple[Column, ...], as_json: bool, empty: str) -> None:
    if as_json:
        print_json(rows)
    else:
        say(table(rows, columns, empty=empty))


def _said(version: dict[str, Any], as_json: bool, done: str) -> None:
    if as_json:
        print_json(version)
    else:
        say(f"version {version['number']} is {done}")
