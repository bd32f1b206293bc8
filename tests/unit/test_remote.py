"""Which commands a visitor over SSH may give, and that none of them reaches into the hub's own machine."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from console.commands.grammar import NOUNS, watchdeck
from console.commands.options import InputFile, LocalPath
from console.errors import CommandError
from console.exit_codes import Exit
from console.ssh.remote import ALL, LOCAL, REMOTE, remote_command


def remote_commands() -> Iterator[tuple[str, click.Command]]:
    for noun in sorted(NOUNS.keys() & REMOTE.keys()):
        command = watchdeck.get_command(click.Context(watchdeck), noun)
        if isinstance(command, click.Group):
            wanted = command.commands if REMOTE[noun] == ALL else REMOTE[noun]
            yield from ((f"{noun} {verb}", command.commands[verb]) for verb in wanted if verb in command.commands)
        elif command is not None:
            yield noun, command


def test_every_noun_is_said_to_be_for_visitors_or_for_this_machine() -> None:
    assert NOUNS.keys() <= REMOTE.keys() | LOCAL
    assert not REMOTE.keys() & LOCAL


@pytest.mark.parametrize(("name", "command"), [pytest.param(*one, id=one[0]) for one in remote_commands()])
def test_no_command_for_visitors_takes_a_file_of_the_hubs_machine(name: str, command: click.Command) -> None:
    files = [param for param in command.params if isinstance(param.type, (click.File, click.Path))]
    assert all(isinstance(param.type, (InputFile, LocalPath)) for param in files), name


@pytest.mark.parametrize(
    "words",
    [
        ["up"],
        ["agent", "run"],
        ["agent", "--", "run"],
        ["agent", "deploy", "h"],
        ["--state", "/", "ci", "list"],
        ["--"],
    ],
)
def test_what_is_this_machines_own_is_refused(words: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        remote_command(words)
    assert refused.value.status is Exit.NOT_ALLOWED


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ([], ["incident", "list"]),
        (["ack", "12"], ["incident", "ack", "12"]),
        (["incidents"], ["incident", "list"]),
        (["help"], ["--help"]),
        (["agent", "--help"], ["agent", "--help"]),
        (["oncall", "who"], ["oncall", "who"]),
        (["silence", "add"], ["silence", "add"]),
    ],
)
def test_short_forms_stand_for_commands(words: list[str], command: list[str]) -> None:
    assert remote_command(words) == command
