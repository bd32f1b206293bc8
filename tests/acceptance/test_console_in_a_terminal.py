"""The console as an operator has it: `watchdeck up` in a real terminal, real keys, at the sizes that people use."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.installation import Installation
from tests.programs import needs
from tests.terminal import Terminal
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("terminal")]

SIZES = [(120, 40), (80, 24)]
EXIT = "exit status "


class Console:
    """`watchdeck up` in a terminal, and the installation behind it."""

    def __init__(self, installation: Installation, terminal: Terminal) -> None:
        self.installation, self.terminal = installation, terminal

    def go(self, view: str, *expected: str) -> str:
        """Type a view's name as an operator does; the screen once it shows what is expected."""
        self.terminal.press(":")
        self.terminal.type(view)
        self.terminal.press("Enter")
        return self.terminal.shows(*expected)

    def left(self) -> str:
        """The screen after the console's end."""
        return self.terminal.shows(EXIT)


@contextmanager
def up(directory: Path, columns: int, rows: int) -> Iterator[Console]:
    """`watchdeck up` on a state directory of its own, ended at the latest with the terminal."""
    needs("tmux")
    installation = Installation(directory / "state")
    command = [sys.executable, "-m", "console.main", "up", "--port", "0", "--state", str(installation.state)]
    environment = {"PYTHONPATH": str(Path.cwd()), "TERM": "screen-256color"}
    with Terminal(directory, command, columns=columns, rows=rows, environment=environment) as terminal:
        terminal.shows("triage", "link ")
        yield Console(installation, terminal)
    wait_for("every process to end with its terminal", lambda: not installation.processes(), limit_s=60)


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_this_machine_is_there_and_every_view_is_one_word_away(tmp_path: Path, columns: int, rows: int) -> None:
    with up(tmp_path, columns, rows) as console:
        console.go("cmdb", "package", "filesystem", "account")
        console.go("ci class=filesystem", "/dev/shm")
        console.go("checks", "load", "memory")
        console.go("services", "this-host", "UP")
        console.go("sla", "AGREEMENT", "99.9")
        console.go("agents", "0.1.0")
        screen = console.go("triage", "triage")
        assert all(len(line) <= columns for line in screen.splitlines())
        console.terminal.press("q")
        assert f"{EXIT}0" in console.left()


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_an_incident_appears_is_read_and_acknowledged_with_one_key(tmp_path: Path, columns: int, rows: int) -> None:
    with up(tmp_path, columns, rows) as console:
        console.installation.json("incident", "open", "--title", "Replica lags", "--impact", "1", "--urgency", "1")
        console.terminal.shows("INC-1", "Replica lags", "P1")
        console.terminal.press("a")
        console.terminal.shows("INC-1 is yours", "ACK")
        assert console.installation.json("incident", "show", "1")["state"] == "acknowledged"
        console.terminal.press("Enter")
        console.terminal.shows("INC-1", "acknowledged", "Timeline")
        console.terminal.press("Escape")
        console.terminal.shows("triage", "INC-1")


def test_a_filter_is_typed_and_cleared(tmp_path: Path) -> None:
    with up(tmp_path, 120, 40) as console:
        console.go("ci class=account sort=uid", "daemon", "root")
        console.terminal.press("/")
        console.terminal.type("name=root")
        console.terminal.press("Enter")
        console.terminal.shows("1/1")
        console.terminal.press("Escape")
        assert "1/1" not in console.terminal.shows("daemon", "root")


def test_help_lists_the_keys(tmp_path: Path) -> None:
    with up(tmp_path, 80, 24) as console:
        console.terminal.press("?")
        console.terminal.shows("next row")
        console.terminal.press("Escape")
        console.terminal.lacks("next row")


@pytest.mark.parametrize(("columns", "rows"), [(45, 20), (40, 12), (30, 8)])
def test_a_phone_gets_a_plain_list_not_a_refusal(tmp_path: Path, columns: int, rows: int) -> None:
    needs("tmux")
    with Installation(tmp_path / "state") as installation:
        installation.json("incident", "open", "--title", "Down", "--impact", "1", "--urgency", "1")
        command = [sys.executable, "-m", "console.main", "console", "--state", str(installation.state)]
        with Terminal(
            tmp_path, command, columns=columns, rows=rows, environment={"PYTHONPATH": str(Path.cwd())}
        ) as terminal:
            terminal.shows("INC-1")
            terminal.press("a")
            wait_for("the acknowledgement", lambda: installation.json("incident", "show", "1")["acknowledged_by"])
            terminal.press("q")
            terminal.shows(f"{EXIT}0")


def test_a_resize_keeps_the_record_under_the_cursor(tmp_path: Path) -> None:
    with up(tmp_path, 120, 40) as console:
        console.go("ci class=account sort=uid", "root")
        console.terminal.press("G")
        console.terminal.resize(80, 24)
        console.terminal.shows("account")
        wait_for(
            "a cursor in the smaller window",
            lambda: any(line.startswith("▌") for line in console.terminal.screen().splitlines()),
        )


def test_a_killed_hub_is_said_and_comes_back(tmp_path: Path) -> None:
    with up(tmp_path, 120, 40) as console:
        console.installation.json("incident", "open", "--title", "Kept", "--impact", "1", "--urgency", "1")
        console.terminal.shows("INC-1")
        os.kill(console.installation.process("hub").pid, signal.SIGKILL)

        def back() -> bool:
            done = console.installation.command("incident", "list", "--json")
            return done.returncode == 0 and [row["title"] for row in json.loads(done.stdout)] == ["Kept"]

        wait_for("the hub to be back", back)
        console.terminal.shows("INC-1", "link")


def test_a_killed_console_gives_the_terminal_back_and_ends_everything(tmp_path: Path) -> None:
    with up(tmp_path, 120, 40) as console:
        os.kill(console.installation.process("console").pid, signal.SIGKILL)
        screen = console.left()
        assert "SIGKILL" in screen
        assert f"{EXIT}1" in screen


def test_control_c_and_a_closed_terminal_leave_nothing_behind(tmp_path: Path) -> None:
    with up(tmp_path, 120, 40) as console:
        assert len(console.installation.processes()) >= 4
    # Leaving the block closes the terminal under it, and waits for every process to end.
    assert not console.installation.processes()


def test_words_typed_ahead_reach_the_prompt_and_never_act_as_keys(tmp_path: Path) -> None:
    """A slow link delivers `:agents` in one piece: the `a` in it must not acknowledge anything."""
    with up(tmp_path, 120, 40) as console:
        console.installation.json("incident", "open", "--title", "Untouched", "--impact", "1", "--urgency", "1")
        console.terminal.shows("INC-1")
        console.terminal.type(":agents\r")
        console.terminal.shows("0.1.0", "local")
        console.terminal.type(":triage\r/a name=nothing\r")
        console.terminal.shows("a name=nothing")
        assert console.installation.json("incident", "show", "1")["state"] == "new"


def test_watchdeck_alone_opens_the_console_of_the_hub_that_runs_or_says_how_to_start(tmp_path: Path) -> None:
    needs("tmux")
    command = [sys.executable, "-m", "console.main"]
    environment = {"PYTHONPATH": str(Path.cwd()), "WATCHDECK_STATE": str(tmp_path / "state")}
    with Terminal(tmp_path, command, environment=environment) as terminal:
        said = "".join(terminal.shows(f"{EXIT}5").split())  # a long path folds the line anywhere
        assert "nohubrunsthere" in said
        assert "watchdeckup" in said
    with Installation(tmp_path / "state"), Terminal(tmp_path, command, environment=environment) as terminal:
        terminal.shows("triage", "link ")
        terminal.press("q")
        terminal.shows(f"{EXIT}0")


def test_words_typed_ahead_reach_the_palette_and_what_it_leads_to(tmp_path: Path) -> None:
    """Ctrl-P, words, Enter and the next key in one piece: the palette is not there yet when they arrive."""
    with up(tmp_path, 120, 40) as console:
        console.installation.json("incident", "open", "--title", "Replica lags", "--impact", "1", "--urgency", "1")
        console.terminal.shows("INC-1")
        console.terminal.type("\x10agents\r")
        console.terminal.shows("SECTIONS", "local")
        console.terminal.type("\x10replica la\rnseen by ear\r")
        console.terminal.shows("INC-1: noted")
        assert console.installation.json("incident", "show", "1")["timeline"][-1]["text"] == "seen by ear"
