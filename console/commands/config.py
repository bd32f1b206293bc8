"""`watchdeck config`: whether the files of an installation can be taken, without a hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from cmdb.config import load_config
from cmdb.locations import Locations
from cmdb.services_file import load_services
from cmdb.toml_file import TomlError
from console.commands.options import with_state
from console.commands.text import say
from console.errors import CommandError
from console.exit_codes import Exit


@contextmanager
def configuration_errors() -> Iterator[None]:
    """What is wrong with a file, as the command line says it."""
    try:
        yield
    except TomlError as error:
        raise CommandError(Exit.USAGE, error.what, error.why, error.next_step) from error


@click.group()
def config() -> None:
    """Check the configuration."""


@config.command("check")
@with_state
def check(locations: Locations) -> None:
    """Read `watchdeck.toml` and `services.d/*.toml` as the hub would, and say what is wrong."""
    with configuration_errors():
        load_config(locations.config)
        services = load_services(locations.services_dir)
    say(f"{locations.config}: good; {locations.services_dir}: good ({len(services.services)} services)")
