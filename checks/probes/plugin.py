"""Any monitoring plugin of the field, run by the interface that all of them share: exit code, output, perfdata.

An agent runs only what its own administrators put into a plugin directory: the hub names a plugin, never a program.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from checks.child import Child, run_child
from checks.finding import CouldNotLook, Finding, Trace
from checks.perfdata import parse_output, printable
from checks.probes import Params, Probe
from checks.result import State

DIRECTORIES_VARIABLE = "WATCHDECK_PLUGINS"  # more directories, separated as in PATH
DIRECTORIES = (
    "/usr/lib/nagios/plugins",
    "/usr/lib64/nagios/plugins",
    "/usr/lib/monitoring-plugins",
    "/usr/libexec/monitoring-plugins",
    "/usr/local/lib/monitoring-plugins",
    "/usr/local/libexec/nagios",
)


class PluginParams(Params, frozen=True):
    """`plugin` is a file name in one of the directories, or a path into one."""

    plugin: str
    args: tuple[str, ...] = ()
    environment: dict[str, str] = {}


async def look(params: PluginParams, trace: Trace) -> Finding:
    path = find(params.plugin)
    trace.doing = f"running {path.name}"
    return await run_plugin((str(path), *params.args), params.environment)


def directories() -> tuple[str, ...]:
    """Where plugins may lie: what the agent's administrators added, then the field's usual places."""
    added = os.environ.get(DIRECTORIES_VARIABLE, "").split(os.pathsep)
    return (*(directory for directory in added if directory), *DIRECTORIES)


def find(name: str) -> Path:
    """The plugin's file; raises `CouldNotLook` where there is none or it lies elsewhere."""
    places = [Path(directory) for directory in directories()]
    if "/" in name:
        path = Path(os.path.normpath(name))
        if not any(place in path.parents for place in places):
            raise CouldNotLook(f"{name} is in no plugin directory; {DIRECTORIES_VARIABLE} adds one", "not_permitted")
        found = [path] if path.is_file() else []
    else:
        found = [place / name for place in places if (place / name).is_file()]
    if not found:
        raise CouldNotLook(f"the plugin {name} is not installed in {', '.join(map(str, places))}", "unsupported")
    return found[0]


async def run_plugin(command: Sequence[str], environment: Mapping[str, str]) -> Finding:
    """Run this plugin and read what it said; raises `CouldNotLook` where it cannot be started."""
    try:
        child = await run_child(command, environment)
    except OSError as error:
        raise CouldNotLook(f"{command[0]} cannot be run: {error.strerror}", "failed") from error
    return judge_child(Path(command[0]).name, child)


def judge_child(name: str, child: Child) -> Finding:
    """What exit code and output of a plugin mean; a code that the interface has not is unknown."""
    printed = parse_output(child.stdout)
    said = printed.text or _first_line(child.stderr) or "(no output)"
    detail = "\n".join((printed.long_text, *(f"perfdata not read: {problem}" for problem in printed.problems))).strip()
    if child.exit_code not in set(State):
        output = f"{name} {child.ended}, which no plugin may: {said}"
        return Finding(output, State.UNKNOWN, printed.metrics, detail, reason="failed")
    return Finding(said, State(child.exit_code), printed.metrics, detail)


def _first_line(text: str) -> str:
    lines = printable(text).strip().splitlines()
    return lines[0].strip() if lines else ""


PROBE = Probe(PluginParams, look, on_timeout=State.UNKNOWN)
