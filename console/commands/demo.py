"""`watchdeck demo`: the console on a simulated fleet, in a directory that is gone afterwards."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import click

from cmdb.clock import SystemClock
from cmdb.locations import Locations
from console.demo.installation import install
from console.errors import CommandError
from console.exit_codes import Exit
from console.up import Wanted, up


@click.command()
@click.option("--hosts", type=click.IntRange(1, 20_000), default=1000, show_default=True, help="How many hosts.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same fleet.")
@click.option("--changes", type=float, default=60.0, show_default=True, help="State changes a minute.")
@click.option("--headless", is_flag=True, help="No console; print `ready …` once the first host is in.")
@click.option("--state", type=click.Path(path_type=Path), help="Keep it in this directory.")
def demo(hosts: int, seed: int, changes: float, headless: bool, state: Path | None) -> int:
    """The console on a simulated fleet: hosts, failures, recoveries and changes through the real wire."""
    if not headless and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError(Exit.USAGE, "console", "this is not a terminal", "use: watchdeck demo --headless")
    with tempfile.TemporaryDirectory(prefix="watchdeck-demo-") as fresh:
        locations = Locations(state or Path(fresh))
        asyncio.run(install(locations, hosts, seed, SystemClock()))
        fleet = (sys.executable, "-m", "console.demo.run", "--socket", str(locations.agent_socket))
        sizes = ("--hosts", str(hosts), "--seed", str(seed), "--changes", str(changes))
        return up(Wanted(locations, headless, 0, False, (*fleet, *sizes)))
