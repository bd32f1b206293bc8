"""What goes wrong is said in one line that names the thing, and the exit status says which kind it was."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.installation import ROOT, WATCHDECK

pytestmark = pytest.mark.slow

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command line on a state directory that nobody uses."""

    def watchdeck(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*WATCHDECK, *arguments],
            cwd=ROOT,
            env={**os.environ, "WATCHDECK_STATE": str(tmp_path / "state")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return watchdeck


def assert_one_line(done: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    assert done.returncode == status, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("command", [["ci", "list"], ["ack", "1"], ["status"], ["sla", "list", "--json"]])
def test_no_hub_is_unreachable(run: Run, tmp_path: Path, command: list[str]) -> None:
    assert_one_line(run(*command), 5, str(tmp_path / "state"), "watchdeck up")


@pytest.mark.parametrize(
    "command",
    [["nonsense"], ["ci", "nonsense"], ["incident", "ack", "twelve"], ["ci", "list", "--at", "noonish"],
     ["ci", "list", "--limit", "0"], ["up", "--headless", "--port", "70000"], ["incident", "ack"]],
)  # fmt: skip
def test_bad_usage_is_said_in_one_line(run: Run, command: list[str]) -> None:
    assert_one_line(run(*command), 2, "--help")


def test_a_taken_port_is_a_conflict(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert_one_line(run("up", "--headless", "--port", str(port)), 6, str(port))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[incident]\nhold_down_s = 1\nnonsense = 2\n", ["watchdeck.toml:3", "nonsense"]),
        ("[incident\n", ["watchdeck.toml:1"]),
        ('[incident]\nhold_down_s = "soon"\n', ["watchdeck.toml", "hold_down_s"]),
    ],
)
def test_an_unreadable_configuration_names_file_line_and_key(
    run: Run, tmp_path: Path, text: str, words: list[str]
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "watchdeck.toml").write_text(text)
    assert_one_line(run("up", "--headless", "--port", "0"), 2, *words)
    assert_one_line(run("config", "check"), 2, *words)


def test_a_bad_service_file_names_file_line_and_key(run: Run, tmp_path: Path) -> None:
    services = tmp_path / "state" / "services.d"
    services.mkdir(parents=True)
    (services / "shop.toml").write_text('[[service]]\nname = "shop"\ncolour = "blue"\n')
    assert_one_line(run("up", "--headless", "--port", "0"), 2, "shop.toml:3", "colour")


def test_a_state_directory_that_cannot_be_made(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert_one_line(run("up", "--headless", "--state", str(tmp_path / "file" / "state")), 2, "file")


def test_a_console_without_a_terminal_says_what_to_do(run: Run) -> None:
    assert_one_line(run("up"), 2, "--headless")
