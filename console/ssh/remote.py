"""Which commands a visitor may give: those that ask the hub. What touches the hub's own machine is not among them.

What is not in the table is refused. Whether this person may do it is the hub's to say, by role; that a file is only
ever what they pipe in is `console.commands.options`'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.commands.grammar import SHORT_FORMS
from console.commands.incident import incident
from console.errors import CommandError
from console.exit_codes import Exit

ALL = ("*",)
HELP = ("--help", "-h")
# noun → its verbs; () for a command without verbs.
REMOTE: Mapping[str, tuple[str, ...]] = {
    "status": (),
    "who": (),
    "ci": ALL,
    "check": ALL,
    "incident": ALL,
    "silence": ALL,
    "maintenance": ALL,
    "service": ALL,
    "catalogue": ALL,
    "sla": ALL,
    "oncall": ALL,
    "report": ALL,
    "agent": ("list", "show", "scan", "enrol", "rotate", "revoke"),
    "user": ALL,
    "audit": ALL,
    "baseline": ALL,
    "problem": ALL,
    "change": ALL,
    "release": ALL,
    "request": ALL,
    "desk": ALL,
    "knowledge": ALL,
    "supplier": ALL,
    "contract": ALL,
    "improvement": ALL,
    "access": ALL,
    "shift": ALL,
    "evidence": (),
    "import": (),
    "export": (),
    "completion": (),
}
# Nouns that are this machine's own.
LOCAL = frozenset({"up", "hub", "console", "demo", "web", "doctor", "backup", "restore", "config"})


def remote_command(arguments: Sequence[str]) -> list[str]:
    """The command line that is run for these words of a visitor. Raises `CommandError`."""
    words = list(arguments)
    if not words:
        return ["incident", "list"]
    if words[0] in SHORT_FORMS:
        words = [*SHORT_FORMS[words[0]], *words[1:]]
    if words[0] in {*HELP, "--version", "help"}:
        return ["--help" if words[0] == "help" else words[0]]
    noun, verb = words[0], "".join(words[1:2])
    if noun in incident.commands and noun not in REMOTE:
        raise CommandError(Exit.USAGE, noun, "is something that is done to an incident", f"say: incident {noun} …")
    if noun not in REMOTE:
        raise _refused(noun)
    if REMOTE[noun] not in {(), ALL} and verb not in {*REMOTE[noun], *HELP, ""}:
        raise _refused(f"{noun} {verb}")
    if (noun, verb) == ("agent", "scan") and all(word.startswith("-") for word in words[2:]):
        raise CommandError(Exit.USAGE, "agent scan", "which agent?", "see: agent list")
    return words


def _refused(what: str) -> CommandError:
    return CommandError(Exit.NOT_ALLOWED, what, "is not for SSH", "run it on the hub's machine; see: help")
