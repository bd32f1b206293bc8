"""`watchdeck incident`: from the console's triage to one line over SSH at 3 a.m."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from cmdb.locations import Locations
from console.commands import incident_text
from console.commands.asking import ask, list_command, show_command
from console.commands.options import AT, with_state
from console.commands.sentence import sentence, words
from console.commands.text import Column, age, clean, print_json, say


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
    Column("CHECKS", "affected", right=True),
    Column("TITLE", "title"),
)


@click.group()
def incident() -> None:
    """Incidents: what is broken, who has it, by when."""


def _number() -> click.Argument:
    return click.Argument(["number"], type=Number(), metavar="N")


incident.add_command(
    list_command(
        "incident.list",
        COLUMNS,
        help_="Open incidents; with a filter on the state, also resolved ones.",
        empty="no open incidents",
        view="incidents",
        options=(
            click.Option(["--all", "all"], is_flag=True, default=None, help="Resolved and closed ones too."),
            click.Option(["--stale", "stale"], is_flag=True, default=None, help="Acknowledged long ago, open still."),
        ),
    )
)
incident.add_command(
    show_command(
        "show",
        "incident.show",
        _number(),
        help_="One incident with its timeline.",
        render=incident_text.page,
        options=(AT,),
    )
)


def _step(name: str, done: str, help_: str, *options: click.Parameter, says: str = "text", needed: str = "") -> None:
    """Add a command that takes an incident one step further and says what it then is.

    The words after it are its `says`; where they are `needed`, that is what is said when there are none.
    """

    @incident.command(name, help=help_)
    @click.argument("number", type=Number(), metavar="N")
    @click.option("-m", "--message", "text", metavar="TEXT", help="The same words, as an option.")
    @click.option("--json", "as_json", is_flag=True, help="The incident as one JSON document.")
    @with_state
    def command(
        locations: Locations, as_json: bool, text: str | None, words: tuple[str, ...], **arguments: Any
    ) -> None:
        arguments[says] = sentence(text, words, needed)
        _report(ask(locations, f"incident.{name}", **arguments), as_json, done.format_map)

    command.params.extend([*options, words(f"{says.upper()}..." if needed else f"[{says.upper()}]...")])


def _report(document: dict[str, Any], as_json: bool, done: Callable[[dict[str, Any]], str]) -> None:
    if as_json:
        print_json(document)
        return
    say(clean(f"INC-{document['number']} {done(document)}: {document['title']}"))


_OTHER = click.Argument(["other"], type=Number())
_LEVEL = click.IntRange(1, 3)
_step("ack", "acknowledged", "Take it: it is yours, and nobody else is told.")
_step("note", "noted", "Add a note to its timeline.", needed="say what to note: incident note 12 the disk is full")
_step("assign", "assigned to {assignee}", "Give it to somebody.", click.Argument(["assignee"], metavar="WHO"))
_step("hold", "on hold", "Wait for somebody else.", says="reason", needed="say what it waits for")
_step("resume", "in progress", "Go on with it.")
_step("resolve", "resolved", "Say that it is well again.")
_step("undo", "is as it was before your last step", "Take back the last thing that you did to it.")
_step("close", "closed", "Close it for good.")
_step("reopen", "reopened", "It is back, or never was well.")
_step(
    "priority",
    "weighed, it is P{priority}",
    "Say its impact and urgency; the graph no longer changes them.",
    click.Option(["--impact"], type=_LEVEL, required=True, help="1 high to 3 low."),
    click.Option(["--urgency"], type=_LEVEL, required=True, help="1 high to 3 low."),
    says="reason",
    needed="say why",
)
_step("merge", "took it over", "It is a part of another incident.", _OTHER)
_step("link", "linked", "It belongs with another incident.", _OTHER)
_step("escalate", "escalated", "Have the next people told now, not later.")
_step(
    "major",
    "is a major incident",
    "Declare a major incident: updates are due from now on.",
    click.Option(
        ["--every", "every_minutes"], type=click.IntRange(1, 1440), metavar="MINUTES", help="Between updates."
    ),
    says="reason",
    needed="say why it is a major one",
)
_step(
    "tell",
    "told",
    "Note that an audience of a major incident was told something.",
    click.Argument(["audience"]),
    needed="say what they were told",
)


@incident.command("preview")
@click.argument("number", type=Number(), metavar="N")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def preview(locations: Locations, number: int, as_json: bool) -> None:
    """Who would be told of it, when and why, if nobody acknowledges; nobody is told."""
    document = ask(locations, "incident.preview", number=number)
    if as_json:
        print_json(document)
    else:
        say("\n".join(incident_text.previewed(document)))


@incident.command("explain")
@click.argument("number", type=Number(), metavar="N")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def explain(locations: Locations, number: int, as_json: bool) -> None:
    """How much of its time has passed, whom it waits for, and who is told next."""
    clocks = ask(locations, "incident.clocks", number=number)
    preview = ask(locations, "incident.preview", number=number)
    if as_json:
        print_json({"clocks": clocks, "preview": preview})
    else:
        say(incident_text.explained(clocks, preview))


@incident.command("open")
@click.option("--title", metavar="T", help="What is wrong, in one line.")
@click.option("--ci", metavar="ID", help="What it is about.")
@click.option("--impact", type=_LEVEL, help="1 high to 3 low.")
@click.option("--urgency", type=_LEVEL, help="1 high to 3 low.")
@click.option("--json", "as_json", is_flag=True, help="The incident as one JSON document.")
@click.argument("words", nargs=-1, metavar="[TITLE]...")
@with_state
def open_(locations: Locations, as_json: bool, title: str | None, words: tuple[str, ...], **arguments: Any) -> None:
    """Open one by hand."""
    said = sentence(title, words, "say what is wrong: incident open the printer burns")
    opened = ask(locations, "incident.open", title=said, **arguments)
    _report(opened, as_json, lambda document: f"opened P{document['priority']}")
