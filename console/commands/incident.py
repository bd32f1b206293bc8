"""`watchdeck incident`: from the console's triage to one line over SSH at 3 a.m."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask, list_command, show_command
from console.commands.options import AT, with_state
from console.commands.text import Column, age, clean, print_json, record, say, shown


class Number(click.ParamType[int]):
    """An incident's number as people write it: `INC-12`, `#12` or `12`."""

    name = "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).upper().removeprefix("INC-").removeprefix("#")
        if not text.isdecimal() or int(text) >= 2**53:
            self.fail(f"{value!r} is not an incident's number: write 12, #12 or INC-12", param, ctx)
        return int(text)


COLUMNS = (
    Column("P", "priority"),
    Column("NUMBER", lambda row: f"INC-{row['number']}"),
    Column("STATE", "state"),
    Column("AGE", lambda row: age(row["opened_at"]), right=True),
    Column("ACK", "acknowledged_by"),
    Column("TITLE", "title"),
)


@click.group()
def incident() -> None:
    """Incidents: what is broken, who has it, by when."""


def _number() -> click.Argument:
    return click.Argument(["number"], type=Number(), metavar="N")


def _shown(document: dict[str, Any]) -> str:
    head = f"INC-{document['number']} P{document['priority']} {document['state']}: {clean(document['title'])}"
    timeline = "\n".join(
        f"  {shown(step['at'])}  {clean(step['who'])}  {step['what']}  {clean(step.get('text', ''))}".rstrip()
        for step in document["timeline"]
    )
    fields = record(document, but=("id", "title", "number", "priority", "state", "timeline", "version", "key"))
    return f"{head}\n\n{fields}\n\ntimeline:\n{timeline}"


incident.add_command(
    list_command(
        "incident.list",
        COLUMNS,
        help_="Incidents that are not closed yet.",
        empty="no open incidents",
        view="incidents",
        options=(click.Option(["--all", "all"], is_flag=True, default=None, help="Closed ones too."),),
    )
)
incident.add_command(
    show_command(
        "show", "incident.show", _number(), help_="One incident with its timeline.", render=_shown, options=(AT,)
    )
)


def _step(name: str, done: str, help_: str, *options: click.Parameter) -> None:
    """Add a command that takes an incident one step further and says what it then is."""

    @incident.command(name, help=help_)
    @click.argument("number", type=Number(), metavar="N")
    @click.option("--json", "as_json", is_flag=True, help="The incident as one JSON document.")
    @with_state
    def command(locations: Locations, as_json: bool, **arguments: Any) -> None:
        _report(ask(locations, f"incident.{name}", **arguments), as_json, lambda _: done)

    command.params.extend(options)


def _report(document: dict[str, Any], as_json: bool, done: Callable[[dict[str, Any]], str]) -> None:
    if as_json:
        print_json(document)
        return
    say(f"INC-{document['number']} {done(document)}: {clean(document['title'])}")


def _text(required: bool = False, help_: str = "A note for the timeline.") -> click.Option:
    return click.Option(["-m", "--message", "text"], metavar="TEXT", required=required, help=help_)


_step("ack", "acknowledged", "Take it: it is yours, and nobody else is told.", _text())
_step("note", "noted", "Add a note to its timeline.", click.Argument(["text"]))
_step("assign", "assigned", "Give it to somebody.", click.Argument(["assignee"], metavar="WHO"), _text())
_step("hold", "on hold", "Wait for somebody else.", click.Argument(["reason"]), _text())
_step("resume", "in progress", "Go on with it.", _text())
_step("resolve", "resolved", "Say that it is well again.", _text())
_step("close", "closed", "Close it for good.", _text())


@incident.command("open")
@click.option("--title", required=True, metavar="T", help="What is wrong, in one line.")
@click.option("--ci", metavar="ID", help="What it is about.")
@click.option("--impact", type=click.IntRange(1, 3), help="1 high to 3 low.")
@click.option("--urgency", type=click.IntRange(1, 3), help="1 high to 3 low.")
@click.option("--json", "as_json", is_flag=True, help="The incident as one JSON document.")
@with_state
def open_(locations: Locations, as_json: bool, **arguments: Any) -> None:
    """Open one by hand."""
    _report(ask(locations, "incident.open", **arguments), as_json, lambda document: f"opened P{document['priority']}")
