"""What was acknowledged outlives every process; several installations live side by side; nothing is left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.installation import ROOT, Installation
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


def _acknowledged(installation: Installation) -> int:
    number: int = installation.json("incident", "open", "--title", "kept", "--impact", "1", "--urgency", "2")["number"]
    assert installation.command("incident", "ack", str(number)).returncode == 0
    return number


def _state_of(installation: Installation, number: int) -> str | None:
    done = installation.command("incident", "show", str(number), "--json")
    return "acknowledged" if '"state":"acknowledged"' in done.stdout.replace(" ", "") else None


@pytest.mark.parametrize("victim", [("hub",), ("agent.main", "run")], ids=["hub", "agent"])
def test_a_killed_process_comes_back_and_nothing_acknowledged_is_lost(
    installation: Installation, victim: tuple[str, ...]
) -> None:
    number = _acknowledged(installation)
    process = installation.process(*victim)
    process.kill()
    process.wait(timeout=10)
    assert installation.process(*victim).pid != process.pid
    assert wait_for("the incident as it was", lambda: _state_of(installation, number))

    def connected() -> bool:
        done = installation.command("agent", "list", "--json", "--filter", "state=connected")
        return done.returncode == 0 and done.stdout.strip() not in {"", "[]"}

    wait_for("the agent to be connected again", connected)


def test_a_killed_supervisor_takes_everything_with_it_and_up_comes_back(installation: Installation) -> None:
    number = _acknowledged(installation)
    installation.down(signal.SIGKILL)
    installation.up()
    assert _state_of(installation, number) == "acknowledged"
    assert installation.json("audit", "verify")["broken_seq"] is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_every_way_to_stop_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    installation = Installation(tmp_path / "state")
    installation.up()
    family = [child for one in installation.processes() for child in (one, *one.children(recursive=True))]
    assert len(family) >= 3
    installation.down(number)
    assert not [one for one in family if one.is_running() and one.status() != "zombie"]


def test_two_installations_live_side_by_side(tmp_path: Path) -> None:
    with Installation(tmp_path / "one") as one, Installation(tmp_path / "two") as two:
        one.json("incident", "open", "--title", "only in one")
        assert "only in one" in {row["title"] for row in one.json("incident", "list")}
        assert "only in one" not in {row["title"] for row in two.json("incident", "list")}


def test_a_second_up_on_the_same_state_names_the_first(installation: Installation) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "console.main", "up", "--headless", "--state", str(installation.state)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 6
    assert str(installation.process("hub").pid) in done.stderr
    assert len(done.stderr.splitlines()) == 1
