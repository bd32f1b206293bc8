"""`watchdeck backup` and `watchdeck restore`: the record in one file, and its way back."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from cmdb.locations import Locations
from cmdb.series.backup import back_up_series, refuse_taken, restore_series
from cmdb.store.backup import BackedUp, back_up
from cmdb.store.backup import restore as put_back
from console.commands.edge import errors_said
from console.commands.options import with_state
from console.commands.text import print_json, say
from console.errors import CommandError
from console.exit_codes import Exit


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def backup(locations: Locations, file: Path, as_json: bool) -> None:
    """Copy the record into FILE, verified, while the hub goes on; what checks measured into FILE.series."""
    if not locations.database.exists():
        raise CommandError(Exit.NOT_FOUND, f"record of {locations.state}", "is not there", "name its --state")
    with errors_said():
        refuse_taken(file)
        held = back_up(locations.database, file)
        back_up_series(locations.series, file)
    _report(held, "backed up", as_json)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def restore(locations: Locations, file: Path, as_json: bool) -> None:
    """Put the record of FILE in place of this installation's, whose hub must not run; the old one is kept beside."""
    with errors_said():
        held = put_back(file, locations.database)
        restore_series(file, locations.series)
    _report(held, "restored", as_json)


def _report(held: BackedUp, done: str, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.structs.asdict(held))
    else:
        say(f"{done} {held.documents} records up to batch {held.seq}: {held.path} ({held.size_bytes} bytes)")
