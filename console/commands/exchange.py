"""`watchdeck import` and `watchdeck export`: inventories of other tools, and agreements as OpenSLO."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import IO, Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask
from console.commands.options import InputFile, Moment, with_state
from console.commands.text import brief, clean, print_json, say, shown
from console.exit_codes import Exit

IMPORTS = ("glpi", "facter", "ansible", "osquery", "cyclonedx", "openslo", "csv")
EXPORTS = ("glpi", "cyclonedx", "otel", "ansible-inventory", "openslo", "csv")
CHANGES_SHOWN = 200


@click.command("import")
@click.argument("format_", metavar="FORMAT", type=click.Choice(IMPORTS))
@click.argument("file", metavar="FILE", type=InputFile("r", encoding="utf-8"))
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON document.")
@with_state
def import_(locations: Locations, format_: str, file: IO[str], dry_run: bool, as_json: bool) -> int:
    """Take an inventory (or, with openslo, agreements) of another tool in; - reads standard input."""
    text = file.read()
    if format_ == "openslo":
        found = ask(locations, "sla.import", text=text, name=Path(file.name).stem, dry_run=dry_run)
        wrong = bool(found["refused"])
    else:
        found = ask(locations, "exchange.import", format=format_, text=text, dry_run=dry_run)
        wrong = any(host["outcome"] in ("review", "refused") for host in found["hosts"])
    if as_json:
        print_json(found)
    elif format_ == "openslo":
        say(found["text"] if dry_run else f"{found['file']}: {', '.join(found['agreements']) or 'nothing'}")
    else:
        say("\n".join(line for host in found["hosts"] for line in _told(host)))
    return Exit.WRONG if wrong else Exit.DONE


def _told(host: dict[str, Any]) -> list[str]:
    """A host's fate in a line, then what is new, what changes, and what stays as a person set it."""
    new = [change for change in host["changes"] if not change["attribute"]]
    changed = [change for change in host["changes"] if change["attribute"] not in ("", "missing_since")]
    counts = f"{host['items']} items, {len(new)} new, {len(changed)} changes"
    done = "" if host["written"] else " (dry run)"
    rows = [f"  + {_item(change)}" for change in new]
    rows += [
        f"  {_item(change)}: {change['attribute']} {brief(change['before'])} → {brief(change['after'])}"
        for change in changed
    ]
    if host["outcome"] == "review":
        verb = "see" if host["written"] else "it would be among those of"
        rows = [f"  nothing else is taken of it before a person says what it is: {verb} watchdeck ci review"]
    left = len(rows) - CHANGES_SHOWN + host["left_off"]
    return [
        f"{clean(host['name'])}: {host['outcome']} host ({host['rule']}), {counts}{done}",
        *rows[:CHANGES_SHOWN],
        *([f"  and {left} more: --json lists them"] if left > 0 else []),
        *(_drifted(row) for row in host["drift"]),
    ]


def _item(row: dict[str, Any]) -> str:
    return f"{row['class']} {clean(row['name'])}"


def _drifted(row: dict[str, Any]) -> str:
    return f"  drift: {_item(row)}: {row['attribute']} is set to {shown(row['set'])}, seen as {shown(row['observed'])}"


@click.command("export")
@click.argument("format_", metavar="FORMAT", type=click.Choice(EXPORTS))
@click.option("--host", metavar="ID", help="Only this host, by id or name.")
@click.option("--service", metavar="NAME", help="Only the hosts of this service; with openslo, its agreements.")
@click.option("--at", type=Moment(), metavar="TIME", help="As it was at that moment.")
@with_state
def export(locations: Locations, format_: str, host: str | None, service: str | None, at: datetime | None) -> None:
    """Write hosts, or agreements, in the form of another tool to standard output."""
    if format_ == "openslo":
        found = ask(locations, "sla.export", name=service or "")
    else:
        found = ask(locations, "exchange.export", format=format_, host=host, service=service, at=at)
    say(found["text"].rstrip("\n"))
