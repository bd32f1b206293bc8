"""`agent deploy`, `upgrade` and `remove`: the hosts' progress on stderr, how it ended on stdout."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import click
import msgspec

from cmdb.hub.client import HubClient, HubGone
from cmdb.locations import Locations
from console.commands.text import Column, clean, print_json, say, table
from console.deploy.deployment import FAILED, REPORT_LIMIT_S, Deployment, Ended, Wanted
from console.deploy.host import Target, Way, read_inventory
from console.errors import CommandError
from console.exit_codes import Exit

COLUMNS = (
    Column("HOST", "host"),
    Column("OUTCOME", "outcome"),
    Column("VERSION", "version"),
    Column("WHY", "why"),
)


def run(
    verb: str,
    locations: Locations,
    hosts: Sequence[str],
    inventory: TextIO | None,
    become: bool,
    at_once: int,
    dry_run: bool,
    accept_new: bool,
    ssh_config: str,
    known_hosts: str,
    as_json: bool,
    report_limit_s: float = REPORT_LIMIT_S,
    hub: str = "",
    map_dependencies: bool = False,
) -> int:
    """Do it; 0 when it went well for every host, else 1."""
    config = Path(ssh_config).expanduser()
    wanted = Wanted(
        way=Way((config,) if config.exists() else (), Path(known_hosts).expanduser(), accept_new),
        wheels=locations.state / "wheels",
        hub=hub,
        become=become,
        dry_run=dry_run,
        at_once=at_once,
        fresh=verb == "deploy",
        map_dependencies=map_dependencies,
        report_limit_s=report_limit_s,
    )
    ended = asyncio.run(_run(verb, locations, _targets(hosts, inventory), wanted))
    rows = [msgspec.to_builtins(one) for one in ended]
    if as_json:
        print_json(rows)
    else:
        say(table(rows, COLUMNS, empty="no hosts"))
    return Exit.WRONG if any(one.outcome in FAILED for one in ended) else Exit.DONE


def _targets(hosts: Sequence[str], inventory: TextIO | None) -> list[Target]:
    try:
        named = [Target.parse(host) for host in hosts]
        listed = read_inventory(inventory.read(1_000_000).splitlines()) if inventory else []
    except ValueError as error:
        raise CommandError(Exit.USAGE, "hosts", str(error)) from error
    targets = list(dict.fromkeys([*named, *listed]))
    if not targets:
        raise CommandError(Exit.USAGE, "hosts", "none was named", "name some, or give an --inventory")
    return targets


async def _run(verb: str, locations: Locations, targets: Sequence[Target], wanted: Wanted) -> list[Ended]:
    try:
        async with await HubClient.connect(locations.hub_socket) as client:
            deployment = Deployment(client, wanted, _progress)
            return await (deployment.remove(targets) if verb == "remove" else deployment.deploy(targets))
    except (OSError, HubGone) as error:
        raise CommandError(
            Exit.UNREACHABLE, f"hub of {locations.state}", str(error), "start one with: watchdeck up"
        ) from error


def _progress(target: Target, what: str) -> None:
    click.echo(f"{target.name}: {clean(what)}", err=True)
