"""`watchdeck check run`: a look now, at the hub's request or by a plugin here; again and again with --watch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from cmdb.hub.blocking_client import BlockingClient
from cmdb.locations import Locations
from console.commands.asking import hub
from console.commands.options import LocalPath, with_state
from console.commands.plugin import as_document, lines, run_here
from console.commands.text import clean, print_json, say
from console.exit_codes import Exit


@click.command()
@click.argument("words", nargs=-1, metavar="ID | -- PLUGIN_ARGS")
@click.option("--plugin", type=LocalPath(exists=True, dir_okay=False), help="Run this monitoring plugin here instead.")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds for it.")
@click.option("--watch", is_flag=True, help="Again and again, a line a run, until interrupted.")
@click.option(
    "--every", type=click.FloatRange(min=0.5), default=5.0, show_default=True, help="Seconds between, with --watch."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document; with --watch one a line.")
@with_state
def run(
    locations: Locations,
    words: tuple[str, ...],
    plugin: str | None,
    timeout: float,
    watch: bool,
    every: float,
    as_json: bool,
) -> int:
    """Run a check now; exit 1 when it is not ok. With --plugin: a plugin on this machine, without a hub."""
    if plugin is not None:
        finding = run_here(plugin, words, timeout)
        document, said = as_document(finding), "\n".join(lines(finding))
        print_json(document) if as_json else say(said)
        return _status(document)
    if len(words) != 1:
        raise click.UsageError("which check? give one ID (see: watchdeck check list), or --plugin PATH")
    with hub(locations) as client:
        if watch:
            return _watched(client, words[0], every, as_json)
        document = client.call("check.run", id=words[0])
    print_json(document) if as_json else say("\n".join(run_lines(document)))
    return _status(document)


def _watched(client: BlockingClient, id_: str, every_s: float, as_json: bool) -> int:
    """Until interrupted; the status of the last run."""
    status = Exit.DONE
    try:
        while True:
            document = client.call("check.run", id=id_)
            status = _status(document)
            if as_json:
                click.echo(msgspec.json.encode(document).decode())
            else:
                say(f"{datetime.now(UTC):%H:%M:%SZ}  {document['state']:8}  {clean(document['output'])}")
            time.sleep(every_s)
    except KeyboardInterrupt:
        return status


def run_lines(document: Mapping[str, Any]) -> list[str]:
    """The state and what was found, then where the time went and what was expected."""
    result = document["result"]
    phases = "  ".join(f"{name} {1000 * value:.1f} ms" for name, value in result.get("phases", {}).items())
    known = {name: result[name] for name in ("address", "expected", "actual", "reason") if result.get(name)}
    facts = {**known, **({"phases": phases} if phases else {})}
    return [
        f"{document['state']}  {clean(document['output'])}",
        *(f"  {name:8}  {clean(str(value))}" for name, value in facts.items()),
        *(f"  {clean(line)}" for line in result.get("detail", "").splitlines()),
    ]


def _status(document: Mapping[str, Any]) -> Exit:
    return Exit.DONE if document["state"] == "ok" else Exit.WRONG
