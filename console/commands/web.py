"""`watchdeck web`: the console in a browser of this machine, for whoever has the link."""

from __future__ import annotations

import asyncio
import importlib.util

import click

from cmdb.locations import Locations
from console.commands.options import with_state
from console.errors import CommandError
from console.exit_codes import Exit

PORT = 8022


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes a free one.")
@click.option("--readonly", is_flag=True, help="Look, and change nothing.")
@with_state
def web(locations: Locations, port: int, readonly: bool) -> int:
    """The console in a browser, on this machine only, until Ctrl-C.

    Prints the link to open; whoever has it acts as you do. From elsewhere: ssh -L 8022:127.0.0.1:8022 HOST
    """
    if importlib.util.find_spec("textual_serve") is None:
        raise CommandError(Exit.USAGE, "web", "the extra `web` is not installed", "uv tool install 'watchdeck[web]'")
    from console.web.server import serve  # noqa: PLC0415 - only there with the extra

    try:
        asyncio.run(serve(locations, port, readonly=readonly, ready=lambda link: click.echo(f"ready {link}")))
    except OSError as error:
        raise CommandError(
            Exit.CONFLICT, f"port {port}", error.strerror or str(error), "name another with --port; 0 takes a free one"
        ) from error
    return Exit.DONE
