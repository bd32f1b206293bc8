"""Which commands a visitor may give: those that ask the hub. What touches the hub's own machine is not among them.

What is not in the table is refused. Whether this person may do it is the hub's to say, by role.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.commands.grammar import SHORT_FORMS
from console.errors import CommandError
from console.exit_codes import Exit

ALL = ("*",)
# noun → its verbs; () for a command without verbs.
REMOTE: Mapping[str, tuple[str, ...]] = {
    "status": (),
    "ci": ALL,
    "check": ALL,
    "incident": ALL,
    "service": ALL,
    "sla": ("list", "show", "explain", "forecast", "review", "lint", "whatif"),
    "oncall": ("who", "mine", "schedule", "override", "gaps"),
    "agent": ("list", "show", "scan", "enrol", "revoke"),
    "user": ALL,
    "audit": ("list", "verify"),
    "baseline": ALL,
    "problem": ALL,
    "change": ALL,
    "release": ALL,
    "request": ALL,
    "knowledge": ALL,
    "supplier": ALL,
    "contract": ALL,
    "improvement": ALL,
    "shift": ALL,
    "export": (),
    "completion": (),
}
# Options that name a file of this machine, or another installation on it; `-` is the visitor's own input.
LOCAL_OPTIONS = ("--state", "--plugin", "--output", "-o")
FILE_OPTIONS = ("--key", "--file")


def remote_command(arguments: Sequence[str]) -> list[str]:
    """The command line that is run for these words of a visitor. Raises `CommandError`."""
    words = list(arguments)
    if not words:
        return ["incident", "list"]
    if words[0] in SHORT_FORMS:
        words = [*SHORT_FORMS[words[0]], *words[1:]]
    if words[0] in {"--help", "-h", "--version", "help"}:
        return ["--help" if words[0] == "help" else words[0]]
    noun, verb = words[0], next((word for word in words[1:2] if not word.startswith("-")), "")
    if noun not in REMOTE:
        raise _refused(noun)
    if verb and REMOTE[noun] not in {(), ALL} and verb not in REMOTE[noun]:
        raise _refused(f"{noun} {verb}")
    if (noun, verb) == ("agent", "scan") and all(word.startswith("-") for word in words[2:]):
        raise CommandError(Exit.USAGE, "agent scan", "which agent?", "see: agent list")
    _refuse_files(words)
    return words


def _refuse_files(words: Sequence[str]) -> None:
    for at, word in enumerate(words):
        option, has_value, value = word.partition("=")
        if option in LOCAL_OPTIONS:
            raise _refused(option)
        if option in FILE_OPTIONS and (value if has_value else "".join(words[at + 1 : at + 2])) != "-":
            raise CommandError(
                Exit.NOT_ALLOWED,
                f"{option}",
                "over SSH no file of the hub's machine is read",
                f"use {option} - and pipe it in",
            )


def _refused(what: str) -> CommandError:
    return CommandError(Exit.NOT_ALLOWED, what, "is not for SSH", "run it on the hub's machine; see: help")
