"""`watchdeck agent`: the eyes on the hosts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask, list_command, show_command
from console.commands.options import Duration, with_state
from console.commands.text import Column, age, print_json, record, say, table

COLUMNS = (
    Column("AGENT", "name"),
    Column("STATE", "state"),
    Column("HEARD", lambda row: age(row["last_heard"]), right=True),
    Column("REPORT", lambda row: age(row["last_report"]), right=True),
    Column("VERSION", "agent_version"),
    Column("VIA", "transport"),
    Column("ID", "id"),
)
SECTIONS = (
    Column("SECTION", "name"),
    Column("OUTCOME", "outcome"),
    Column("ITEMS", "items", right=True),
    Column("SECONDS", "duration_s", right=True),
    Column("DETAIL", "detail"),
)


@click.group()
def agent() -> None:
    """Agents: who reports, how it went, scan now."""


def _shown(document: dict[str, Any]) -> str:
    sections = [{"name": name, **section} for name, section in sorted(document["sections"].items())]
    return f"{record(document, but=('sections',))}\n\n{table(sections, SECTIONS, empty='no report yet')}"


agent.add_command(
    list_command("agent.list", COLUMNS, help_="Agents and when they were heard.", empty="no agents", view="agents")
)
agent.add_command(
    show_command(
        "show",
        "agent.show",
        click.Argument(["id"], metavar="ID"),
        help_="One agent and how its last discovery went.",
        render=_shown,
    )
)


@agent.command("enrol")
@click.argument("host", metavar="[HOST]", default="")
@click.option(
    "--lifetime", "lifetime_s", type=Duration(), default="1h", metavar="TIME", help="How long the token is good."
)
@click.option("--json", "as_json", is_flag=True, help="The token as one JSON document.")
@with_state
def enrol(locations: Locations, host: str, lifetime_s: float, as_json: bool) -> None:
    """Make a one-time token that lets one agent in, and say how it is used on its host."""
    made = ask(locations, "agent.enrol", host=host, lifetime_s=lifetime_s)
    if as_json:
        print_json(made)
        return
    click.echo("on the host: watchdeck-agent enrol --state DIR --hub ssh://HUB:PORT, and give it this token:", err=True)
    say(made["token"])


@agent.command("rotate")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@click.option("--json", "as_json", is_flag=True, help="How it went, as one JSON document.")
@with_state
def rotate(locations: Locations, ids: tuple[str, ...], as_json: bool) -> None:
    """Have agents make themselves new keys; the old ones hold until the new ones have been used."""
    ended = [ask(locations, "agent.rotate", id=id_) for id_ in ids]
    if as_json:
        print_json(ended)
        return
    for one in ended:
        how = f"comes in by {one['key']}" if one["rotated"] else "is not there; it makes a new key when it is back"
        say(f"{one['name']} {how}")


@agent.command("revoke")
@click.argument("id_", metavar="ID")
@with_state
def revoke(locations: Locations, id_: str) -> None:
    """Take an agent's way in; its connection ends at once."""
    say(f"{ask(locations, 'agent.revoke', id=id_)['name']} is out")


def _hosts(command: Callable[..., Any]) -> Callable[..., Any]:
    """What `deploy`, `upgrade` and `remove` share."""
    for option in reversed((
        click.argument("hosts", nargs=-1, metavar="HOST…"),
        click.option("--inventory", type=click.File(), metavar="FILE", help="More hosts, one a line."),
        click.option("--become", is_flag=True, help="Become root on the host by sudo, without a password."),
        click.option("--limit", "at_once", type=click.IntRange(1, 64), default=8, metavar="N", help="Hosts at a time."),
        click.option("--dry-run", is_flag=True, help="Look, say what would be done, change nothing."),
        click.option("--accept-new", is_flag=True, help="Take the key of a host that is not known yet."),
        click.option("--ssh-config", type=click.Path(dir_okay=False), default="~/.ssh/config", metavar="FILE",
                     help="The ssh configuration that hosts are reached by."),
        click.option("--known-hosts", type=click.Path(dir_okay=False), default="~/.ssh/known_hosts", metavar="FILE",
                     help="The host keys that are known."),
        click.option("--json", "as_json", is_flag=True, help="How it ended, as one JSON document."),
    )):  # fmt: skip
        command = option(command)
    return with_state(command)


_REPORT_WITHIN = click.option(
    "--report-within",
    "report_limit_s",
    type=Duration(),
    default="90s",
    show_default=True,
    metavar="TIME",
    help="How long a started agent has to report.",
)


@agent.command("deploy")
@click.option(
    "--map-dependencies",
    is_flag=True,
    help="Let the agent read what is root's (CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE): whose sockets are whose.",
)
@click.option("--hub", default="", metavar="ADDRESS", help="ssh://HOST:PORT, as the hosts see the hub.")
@_REPORT_WITHIN
@_hosts
def deploy(**options: Any) -> int:
    """Put the agent on hosts over their own sshd, start it, and wait for its first report."""
    return run_deployment("deploy", **options)


@agent.command("upgrade")
@_REPORT_WITHIN
@_hosts
def upgrade(**options: Any) -> int:
    """Bring agents to this version; one that does not report then goes back by itself."""
    return run_deployment("upgrade", **options)


@agent.command("remove")
@_hosts
def remove(**options: Any) -> int:
    """Take the agent off hosts, leaving nothing, and out of the hub's trust."""
    return run_deployment("remove", **options)


def run_deployment(verb: str, **options: Any) -> int:
    """The deployment's own command, with what it needs loaded only then."""
    from console.commands.deployment import run  # noqa: PLC0415 - asyncssh is not for every command

    return run(verb, **options)


def _agent_program(arguments: list[str]) -> None:
    """Become the agent's own program, which loads nothing of the hub's or the console's."""
    from agent.main import main  # noqa: PLC0415 - only these two commands need it

    sys.argv = ["watchdeck-agent", *arguments]
    sys.exit(main())


@agent.command("scan")
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON document.")
@with_state
def scan(locations: Locations, id_: str | None, as_json: bool) -> None:
    """Discover once on this host without a hub; with an ID, ask that agent for a scan now."""
    if id_ is None:
        _agent_program(["scan", *(["--json"] if as_json else [])])
    ask(locations, "agent.scan", id=id_)
    say(f"{id_} scans now")


@agent.command("run", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(arguments: tuple[str, ...]) -> None:
    """The resident agent; the same as the `watchdeck-agent run` of a host."""
    _agent_program(["run", *arguments])
