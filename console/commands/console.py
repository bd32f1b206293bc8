"""`watchdeck console`: the operations console on a hub that runs elsewhere on this machine."""

from __future__ import annotations

import sys

import click

from cmdb.locations import Locations
from console.commands.options import with_state
from console.errors import CommandError
from console.exit_codes import Exit


@click.command()
@click.option("--readonly", is_flag=True, help="Look, and change nothing.")
@click.option("--linear", is_flag=True, help="Lines of text in and out, for screen readers; no screen.")
@with_state
def console(locations: Locations, readonly: bool, linear: bool) -> int:
    """The operations console on a running hub; it waits for one, and for one that went away."""
    if linear:
        from console.linear import run_linear  # noqa: PLC0415 - only where it is asked for

        return run_linear(locations, readonly=readonly)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError(Exit.USAGE, "console", "this is not a terminal", "use the commands: watchdeck --help")
    from console.app import run_console  # noqa: PLC0415 - Textual is only loaded where it is shown

    return run_console(locations, readonly=readonly)
