"""`watchdeck up`: the one command for this machine."""

from __future__ import annotations

import sys

import click

from cmdb.locations import Locations
from console.commands.options import with_state
from console.errors import CommandError
from console.exit_codes import Exit
from console.up import Wanted
from console.up import up as run_up


@click.command()
@click.option("--headless", is_flag=True, help="No console; print `ready …` once the first discovery is in.")
@click.option("--port", type=click.IntRange(0, 65535), metavar="P", help="The SSH port; 0 takes a free one.")
@click.option("--keep", is_flag=True, help="Leave hub and agent running when the console is left.")
@with_state
def up(locations: Locations, headless: bool, port: int | None, keep: bool) -> int:
    """Hub, local agent and console on this machine, nothing to configure."""
    if not headless and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError(Exit.USAGE, "console", "this is not a terminal", "use: watchdeck up --headless")
    return run_up(Wanted(locations, headless, port, keep))
