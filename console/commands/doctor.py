"""`watchdeck doctor`: what is wrong with this installation, beside a running hub or without one. Never mends."""

from __future__ import annotations

from collections.abc import Iterator

import click
import msgspec

from cmdb.config import load_config
from cmdb.hub.retention_rules import retention_rules, told
from cmdb.locations import Locations
from cmdb.services_file import load_services
from cmdb.store.examine import Examination, Finding, examine
from cmdb.store.retention import Rule
from cmdb.toml_file import TomlError
from console.commands.options import with_state
from console.commands.text import clean, print_json, record, say
from console.exit_codes import Exit
from console.up import hub_status


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def doctor(locations: Locations, as_json: bool) -> int:
    """Configuration, integrity, audit, orphans, sizes, room, retention; exit 1 when something is wrong."""
    examination = examine(locations.database) if locations.database.exists() else None
    findings = [*_files(locations), *_hub(locations), *(examination.findings if examination else ())]
    if as_json:
        sizes = None if examination is None else examination.sizes
        rules = [told(rule) for rule in _rules(locations)]
        print_json({"state": str(locations.state), "findings": findings, "sizes": sizes, "retention": rules})
    else:
        _tell(locations, examination, findings)
    return Exit.WRONG if any(finding.level == "error" for finding in findings) else Exit.DONE


def _files(locations: Locations) -> Iterator[Finding]:
    for read, path in ((load_config, locations.config), (load_services, locations.services_dir)):
        try:
            read(path)
        except TomlError as error:
            yield Finding("error", error.what, error.why, error.next_step)


def _rules(locations: Locations) -> list[Rule]:
    """How long the past is kept; by default where the configuration cannot be read."""
    try:
        return retention_rules(load_config(locations.config).retention)
    except TomlError:
        return retention_rules(())


def _hub(locations: Locations) -> Iterator[Finding]:
    if (status := hub_status(locations)) is None:
        yield Finding("warning", "hub", "does not run", "start it with `watchdeck up` or `watchdeck hub`")
    elif status["readonly"]:
        yield Finding("error", "record", f"takes no writes: {status['readonly']}", "make room on its disk")


def _tell(locations: Locations, examination: Examination | None, findings: list[Finding]) -> None:
    for finding in findings:
        say(f"{finding.level:<8} {clean(finding.what)}: {clean(finding.why)}; {clean(finding.next_step)}")
    if examination is None:
        say(f"{locations.state}: no record yet")
    elif examination.sizes is not None:
        say(record({"seq": examination.seq, **msgspec.structs.asdict(examination.sizes)}))
    for rule in _rules(locations):
        say(f"past     {told(rule)}")
    if not findings:
        say("nothing is wrong")
