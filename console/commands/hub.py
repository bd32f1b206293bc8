"""`watchdeck hub`: the daemon, for systemd and for `watchdeck up`."""

from __future__ import annotations

import logging

import click

from cmdb.config import load_config
from cmdb.hub.main import run_hub
from cmdb.locations import Locations
from console.commands.edge import errors_said
from console.commands.options import with_state
from console.ssh.door import front_door


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), metavar="P", help="The SSH port; 0 takes a free one.")
@click.option("--lifeline", type=int, hidden=True, help="A pipe whose end means that the starter is gone.")
@with_state
def hub(locations: Locations, port: int | None, lifeline: int | None) -> None:
    """The daemon: record, incidents, service levels; until SIGTERM."""
    logging.raiseExceptions = False  # a log on a full disk is no reason to write more into it
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with errors_said():
        run_hub(locations, load_config(locations.config), lifeline_fd=lifeline, parts=[front_door(port)])
