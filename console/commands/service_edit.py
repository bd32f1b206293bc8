"""What `service add/set/retire/publish/diff` and `sla add/set/remove` share: a difference is shown, then written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from cmdb.locations import Locations
from console.commands.asking import hub, show_command
from console.commands.options import with_state
from console.commands.sla_terms import edited_terms, json_option
from console.commands.text import Column, clean, print_json, say, table
from console.exit_codes import Exit

DIFFERENCES = (
    Column("WHAT", "what"),
    Column("NAME", "name"),
    Column("TERM", lambda row: row["term"] or "all of it"),
    Column("FILE", "file"),
    Column("IN FORCE", "record"),
    Column("WHY", "why"),
)
_DRY = click.option("--dry-run", is_flag=True, help="Only show the difference.")
_YES = click.option("-y", "--yes", is_flag=True, help="Write it without asking.")
_TERMS = click.argument("pairs", nargs=-1, metavar="TERM=VALUE...")


def adding(noun: str) -> click.Command:
    @click.command("add", help=f"Declare a {_WORDS[noun]} in services.d: watchdeck {noun} add {_EXAMPLES[noun]}")
    @click.argument("name")
    @_TERMS
    @click.option("--file", default="", metavar="FILE", help="The file of services.d that it is added to.")
    @_DRY
    @_YES
    @json_option
    @with_state
    def command(
        locations: Locations, name: str, pairs: tuple[str, ...], file: str, dry_run: bool, yes: bool, as_json: bool
    ) -> int:
        terms = edited_terms(pairs)
        return _edit(locations, f"{noun}.add", dry_run, yes, as_json, name=name, terms=terms, file=file)

    return command


def setting(noun: str) -> click.Command:
    @click.command("set", help=f"Change terms of a {_WORDS[noun]} in its file; TERM= takes one out.")
    @click.argument("name")
    @_TERMS
    @_DRY
    @_YES
    @json_option
    @with_state
    def command(
        locations: Locations, name: str, pairs: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool
    ) -> int:
        return _edit(locations, f"{noun}.set", dry_run, yes, as_json, name=name, terms=edited_terms(pairs))

    return command


def taking_out(noun: str, verb: str, help_: str) -> click.Command:
    @click.command(verb, help=help_)
    @click.argument("name")
    @_DRY
    @_YES
    @json_option
    @with_state
    def command(locations: Locations, name: str, dry_run: bool, yes: bool, as_json: bool) -> int:
        return _edit(locations, f"{noun}.{verb}", dry_run, yes, as_json, name=name)

    return command


@click.command()
@click.argument("name")
@click.option("-m", "--note", default="", metavar="TEXT", help="What is new.")
@_DRY
@_YES
@json_option
@with_state
def publish(locations: Locations, name: str, note: str, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Offer a service: it goes live, and the catalogue's next version has it."""
    return _edit(locations, "service.publish", dry_run, yes, as_json, name=name, note=note)


diff = show_command(
    "diff",
    "service.diff",
    None,
    help_="Where services.d and what is in force say different things; 1 when they do.",
    render=lambda rows: table(rows, DIFFERENCES, empty="no difference"),
    status=lambda rows: Exit.WRONG if rows else Exit.DONE,
)
_WORDS = {"service": "service", "sla": "agreement"}
_EXAMPLES = {
    "service": "shop owner=mia component.web.select='class=endpoint name~web'",
    "sla": "shop-gold service=shop target=99.9%",
}


def _edit(locations: Locations, verb: str, dry_run: bool, yes: bool, as_json: bool, **arguments: Any) -> int:
    """Show what would be written, ask, and write exactly that."""
    with hub(locations) as client:
        call: Callable[..., Any] = client.call
        planned = call(verb, **arguments, dry_run=True)
        if as_json and not yes:
            print_json(planned)
            return Exit.DONE
        if not as_json:
            say("\n".join(map(clean, planned["diff"].splitlines())) or f"{planned['file'] or 'no file'}: no difference")
        if dry_run:
            return Exit.DONE
        if not yes and planned["diff"] and not _agreed(planned["file"]):
            return Exit.WRONG
        done = call(verb, **arguments, expected=planned["digest"])
    if as_json:
        print_json(done)
        return Exit.DONE
    if done["written"]:
        say(f"written: {done['file']}")
    if version := done.get("version"):
        say(f"version {version['number']} of the catalogue is published")
    return Exit.DONE


def _agreed(file: str) -> bool:
    if sys.stdin.isatty() and sys.stdout.isatty():
        return click.confirm(f"Write {file}?")
    click.echo("not written: nobody can be asked here; add --yes", err=True)
    return False
