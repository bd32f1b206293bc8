"""`watchdeck status`: whether the hub runs, and what it holds."""

from __future__ import annotations

import click

from cmdb.locations import Locations
from console.commands.asking import ask
from console.commands.options import with_state
from console.commands.text import print_json, record, say


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def status(locations: Locations, as_json: bool) -> None:
    """Whether the hub runs, and what it holds."""
    document = ask(locations, "hub.status")
    if as_json:
        print_json(document)
    else:
        say(record(document))
