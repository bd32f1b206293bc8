"""The tree of commands: which module holds which noun. A module is imported when its noun is used, so that
`watchdeck incident ack 12` does not pay for the console.
"""

from __future__ import annotations

import importlib
import keyword
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

import click

from agent.unix_socket import connect
from checks import __version__
from cmdb.locations import Locations, default_state_dir
from console.errors import CommandError
from console.exit_codes import Exit

# noun → (module, one line of help); the module has the click command under the noun's name.
NOUNS: Mapping[str, tuple[str, str]] = {
    "up": ("up", "Hub, local agent and console on this machine, nothing to configure."),
    "hub": ("hub", "The daemon: record, incidents, service levels."),
    "console": ("console", "The operations console on a running hub."),
    "web": ("web", "The same console in a browser of this machine."),
    "demo": ("demo", "The console on a simulated fleet: see it at size."),
    "status": ("status", "Whether the hub runs, and what it holds."),
    "ci": ("ci", "Configuration items: list, show, find, history, impact."),
    "baseline": ("baseline", "Approved states and drift: set, list, drift, odd, accept, ignore."),
    "check": ("check", "Health: list, show, run, explain, history, series, ack, silence, maintenance, import."),
    "incident": ("incident", "Incidents: list, show, ack, note, assign, resolve, open, escalate, merge, major."),
    "oncall": ("oncall", "Who is on call: who, mine, schedule, gaps, override, calendars."),
    "silence": ("silence", "For a while nobody is told: list, add, end."),
    "maintenance": ("maintenance", "Windows for work: list, add, end."),
    "service": ("service", "Services, their components and states."),
    "catalogue": ("catalogue", "The service catalogue: show, publish, retire, diff."),
    "sla": ("sla", "Agreements: actual, target, why; forecast, what-if, negotiation, review."),
    "report": ("report", "Reports over a period: sla, incidents."),
    "agent": ("agent", "Agents: list, show, scan, run."),
    "user": ("user", "People who may come in by SSH: add, list, remove."),
    "import": (
        "exchange",
        "Inventories of other tools, agreements: glpi, facter, ansible, osquery, cyclonedx, csv, openslo.",
    ),
    "export": ("exchange", "Hosts as glpi, cyclonedx, otel, ansible-inventory, csv; agreements as openslo."),
    "who": ("who", "Who is on, and what they look at."),
    "audit": ("audit", "Who did what; verify that nothing was altered."),
    "doctor": ("doctor", "What is wrong with this installation."),
    "backup": ("backup", "The record in one file, while the hub goes on."),
    "restore": ("backup", "A backup in place of the record."),
    "config": ("config", "Check the configuration."),
    "completion": ("completion", "Shell completion for bash, zsh or fish."),
}
# How help groups them; a noun that is in none stands in the last.
SECTIONS: Mapping[str, Sequence[str]] = {
    "Begin": ("up", "console", "web", "demo", "status", "doctor"),
    "Every day": ("incident", "check", "oncall", "silence", "maintenance", "who"),
    "What there is": ("ci", "baseline", "agent", "import", "export"),
    "What was promised": ("service", "catalogue", "sla", "report"),
    "Administration": ("hub", "user", "audit", "backup", "restore", "config", "completion"),
}
# What people type at 3 a.m.: the short form, and the words that it stands for.
SHORT_FORMS: Mapping[str, tuple[str, ...]] = {
    "ack": ("incident", "ack"),
    "incidents": ("incident", "list"),
}


class Grammar(click.Group):
    """A group whose commands are loaded by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NOUNS:
            return None
        module = importlib.import_module(f"console.commands.{NOUNS[cmd_name][0]}")
        command = getattr(module, f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(f"console.commands.{NOUNS[cmd_name][0]}.{cmd_name} is not a command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] in SHORT_FORMS:
            args = [*SHORT_FORMS[args[0]], *args[1:]]
        elif args and args[0] not in NOUNS and (near := get_close_matches(args[0], [*NOUNS, *SHORT_FORMS], 1)):
            ctx.fail(f"no such command {args[0]!r}, did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The nouns by section, without loading any of them."""
        grouped = {noun for nouns in SECTIONS.values() for noun in nouns}
        more = {"More": [noun for noun in NOUNS if noun not in grouped]}
        for title, nouns in {**SECTIONS, **more}.items():
            lines = [(noun, NOUNS[noun][1]) for noun in nouns if noun in NOUNS]
            if lines:
                with formatter.section(title):
                    formatter.write_dl(lines)


@click.command(
    cls=Grammar,
    invoke_without_command=True,
    subcommand_metavar="NOUN VERB [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="watchdeck")
@click.option("--state", metavar="DIR", help="The installation's state directory.  [env: WATCHDECK_STATE]")
@click.pass_context
def watchdeck(ctx: click.Context, state: str | None) -> int:
    """A terminal operations console with a CMDB discovery agent.

    \b
    watchdeck up      starts everything on this machine and opens the console
    watchdeck demo    shows it on 1,000 simulated hosts
    watchdeck         opens the console of the hub that runs here
    """
    ctx.obj = ctx.obj or state
    return Exit.DONE if ctx.invoked_subcommand else _alone(ctx)


def _alone(ctx: click.Context) -> int:
    """No noun: on a terminal the console of the hub that runs, elsewhere what one can say."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo(ctx.get_help(), err=True)
        return Exit.USAGE
    locations = (
        ctx.obj if isinstance(ctx.obj, Locations) else Locations(Path(ctx.obj or default_state_dir()).absolute())
    )
    if not _hub_runs(locations):
        next_step = "watchdeck up starts all, watchdeck demo shows it, watchdeck --help says the rest"
        raise CommandError(Exit.UNREACHABLE, f"hub of {locations.state}", "no hub runs there", next_step)
    command = watchdeck.get_command(ctx, "console")
    assert command is not None
    return int(ctx.invoke(command))


def _hub_runs(locations: Locations) -> bool:
    try:
        connect(locations.hub_socket).close()
    except (OSError, ValueError):
        return False
    return True


def run(arguments: Sequence[str], locations: Locations | None = None) -> int:
    """Run one command line; the exit status is returned, never raised. Raises what the command raises."""
    status = watchdeck.main(args=list(arguments), prog_name="watchdeck", standalone_mode=False, obj=locations)
    return status if isinstance(status, int) else 0
