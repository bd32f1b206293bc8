"""`watchdeck config`: whether the files of an installation can be taken, without a hub."""

from __future__ import annotations

import click

from cmdb.config import load_config
from cmdb.locations import Locations
from cmdb.services_file import load_services
from console.commands.edge import errors_said
from console.commands.options import with_state
from console.commands.text import say


@click.group()
def config() -> None:
    """Check the configuration."""


@config.command("check")
@with_state
def check(locations: Locations) -> None:
    """Read `watchdeck.toml` and `services.d/*.toml` as the hub would, `console.toml` as the console, and say what is
    wrong.
    """
    from console.settings import SettingsFiles, read  # noqa: PLC0415 - it knows the console's views and themes

    with errors_said():
        load_config(locations.config)
        read(SettingsFiles.of(locations))
        services = load_services(locations.services_dir)
    say(f"{locations.config}: good; {locations.services_dir}: good ({len(services.services)} services)")
