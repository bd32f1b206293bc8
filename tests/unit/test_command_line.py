"""The grammar of the command line, its times and its text, without a hub."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click
import pytest

from cmdb.hub.protocol import Code
from console.commands.grammar import NOUNS, SECTIONS, SHORT_FORMS, watchdeck
from console.commands.incident import Number
from console.commands.options import Moment
from console.commands.text import Column, clean, duration, shown, table
from console.errors import one_line
from console.exit_codes import OF_CODE, Exit


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_has_help(noun: str, capsys: pytest.CaptureFixture[str]) -> None:
    watchdeck.main([noun, "--help"], standalone_mode=False)
    assert "Usage:" in capsys.readouterr().out


def test_every_noun_stands_in_the_help_once(capsys: pytest.CaptureFixture[str]) -> None:
    grouped = [noun for nouns in SECTIONS.values() for noun in nouns]
    assert len(grouped) == len(set(grouped))
    watchdeck.main(["--help"], standalone_mode=False)
    said = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ") and line.strip()]
    assert [noun for noun in NOUNS if said.count(noun) != 1] == []


def test_no_words_away_from_a_terminal_are_a_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert watchdeck.main([], standalone_mode=False) == Exit.USAGE
    assert "watchdeck up" in capsys.readouterr().err


def test_a_slip_of_the_finger_is_recognised() -> None:
    with pytest.raises(click.UsageError, match="did you mean 'incident'"):
        watchdeck.main(["incidnet", "list"], standalone_mode=False)


@pytest.mark.parametrize("words", SHORT_FORMS.values())
def test_every_short_form_stands_for_a_command(words: tuple[str, ...]) -> None:
    noun, verb = words
    group = watchdeck.get_command(click.Context(watchdeck), noun)
    assert isinstance(group, click.Group)
    assert verb in group.commands


def test_every_refusal_of_the_hub_has_an_exit_status() -> None:
    assert set(OF_CODE) == set(Code)


@pytest.mark.parametrize("text", ["12", "#12", "INC-12", "inc-12"])
def test_an_incident_s_number_is_read_as_people_write_it(text: str) -> None:
    assert Number().convert(text, None, None) == 12


@pytest.mark.parametrize("text", ["", "twelve", "-1", "1.5", "INC-", "9" * 40])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Number().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-27T16:00Z", datetime(2026, 3, 27, 16, tzinfo=UTC)),
        ("2026-03-27T16:00+01:00", datetime(2026, 3, 27, 15, tzinfo=UTC)),
        ("2026-03-27", datetime(2026, 3, 27, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_as_utc(text: str, moment: datetime) -> None:
    assert Moment().convert(text, None, None) == moment


def test_an_age_is_a_moment_before_now() -> None:
    before = datetime.now(UTC)
    moment = Moment().convert("-2h", None, None)
    assert before - timedelta(hours=2) <= moment <= datetime.now(UTC) - timedelta(hours=2)


@pytest.mark.parametrize("text", ["noonish", "2h30", "h", "--2h"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="not a moment"):
        Moment().convert(text, None, None)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59, "59s"), (61, "1m1s"), (3600, "1h"), (93784, "1d2h"), (-61, "-1m1s"), (86400 * 3 + 1, "3d1s")],
)
def test_a_duration_has_two_units_at_most(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_columns_line_up_and_the_last_is_not_padded() -> None:
    rows = [{"name": "a", "size": 5}, {"name": "long", "size": 10}]
    text = table(rows, [Column("NAME", "name"), Column("SIZE", "size", right=True)], empty="none")
    assert text.splitlines() == ["NAME  SIZE", "a        5", "long    10"]


def test_an_empty_table_says_what_it_means() -> None:
    assert table([], [Column("NAME", "name")], empty="no open incidents") == "no open incidents"


def test_a_hostile_name_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in clean("web\x1b[2J\x9b1m\r\n")
    assert one_line("web\x1b[2J\nserver", "gone\r", "look") == "web [2J server: gone; look"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (True, "yes"), (0.1 + 0.2, "0.3"), ([], "-"), (["a", "b"], "a, b"), ({"a": 1}, "a=1"), ("", "")],
)
def test_values_are_shown_short(value: object, text: str) -> None:
    assert shown(value) == text


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _commands(inner, (*path, name))


def test_every_command_takes_each_option_once_and_says_what_it_does() -> None:
    for path, command in _commands(watchdeck):
        flags = [flag for option in command.params for flag in (*option.opts, *option.secondary_opts)]
        assert len(flags) == len(set(flags)), path
        assert command.help, path
