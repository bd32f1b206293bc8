"""`watchdeck incident`: from the console's triage to one line over SSH at 3 a.m."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask, list_command, show_command
from console.commands.options import AT, with_state
from console.commands.sentence import sentence, words
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
    known = {name: value for name, value in document.items() if value or name not in _SAY_NOTHING_WHEN_EMPTY}
    told = "".join(f"{line}\n" for line in _told_of(document.get("major") or {}))
    return f"{head}\n\n{record(known, but=_SHOWN_APART)}\n\n{told}timeline:\n{timeline}"


_SHOWN_APART = ("id", "title", "number", "priority", "state", "timeline", "version", "key", "major", "over")
_SAY_NOTHING_WHEN_EMPTY = frozenset({"ci_name", "overridden", "redundancy_left", "reopened", "rearmed"})


def _told_of(major: dict[str, Any]) -> Iterator[str]:
    """A major incident's own timeline: since when, who was told what, and when they are to hear more."""
    if major:
        yield f"major incident since {shown(major['declared_at'])} by {major['declared_by']}: {clean(major['reason'])}"
        for one in major["communications"]:
            yield f"  {shown(one['at'])}  {clean(one['by'])} → {clean(one['audience'])}: {clean(one['text'])}"
        yield f"  {shown(major['update_due_at'])}  the next update is due\n"


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
        "show", "incident.show", _number(), help_="One incident with its timeline.", render=_shown, options=(AT,)
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
        _report(ask(locations, f"incident.{name}", **arguments), as_json, lambda _: done)

    command.params.extend([*options, words(f"{says.upper()}..." if needed else f"[{says.upper()}]...")])


def _report(document: dict[str, Any], as_json: bool, done: Callable[[dict[str, Any]], str]) -> None:
    if as_json:
        print_json(document)
        return
    say(f"INC-{document['number']} {done(document)}: {clean(document['title'])}")


_OTHER = click.Argument(["other"], type=Number())
_LEVEL = click.IntRange(1, 3)
_step("ack", "acknowledged", "Take it: it is yours, and nobody else is told.")
_step("note", "noted", "Add a note to its timeline.", needed="say what to note: incident note 12 the disk is full")
_step("assign", "assigned", "Give it to somebody.", click.Argument(["assignee"], metavar="WHO"))
_step("hold", "on hold", "Wait for somebody else.", says="reason", needed="say what it waits for")
_step("resume", "in progress", "Go on with it.")
_step("resolve", "resolved", "Say that it is well again.")
_step("undo", "is as it was before your last step", "Take back the last thing that you did to it.")
_step("close", "closed", "Close it for good.")
_step("reopen", "reopened", "It is back, or never was well.")
_step(
    "priority",
    "weighed",
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
        say("\n".join(_previewed(document)))


def _previewed(document: dict[str, Any]) -> Iterator[str]:
    if not document["advances"]:
        yield "acknowledged or over: nobody is told"
    if document["silenced_until"]:
        yield f"silenced until {shown(document['silenced_until'])}: {clean(document['silenced_because'])}"
    for route in document["routes"]:
        yield f"route {route['route']} ({clean(route['because'])}), policy {route['policy'] or 'none'}"
        for step in route["steps"]:
            told = [_told(person) for target in step["targets"] for person in target["people"]]
            yield f"  {shown(step['at'])}  {', '.join(told) or 'NOBODY is on call'}"


def _told(person: dict[str, Any]) -> str:
    ways = "/".join(person["channels"]) or "no channel"
    quiet = f", held back until {shown(person['quiet_until'])}" if person["quiet_until"] else ""
    return f"{clean(person['name'])} ({ways}{quiet})"


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
