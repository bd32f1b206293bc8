"""A whole installation on a disk that fills up, and then has room again; and on one that fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import QUICK
from tests.acceptance.installation import Installation
from tests.support.small_disk import fill, small_disk_at, writing_fails
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_at(tmp_path / "disk", size_mib=48) as mounted:
        yield mounted


def opened(installation: Installation, title: str) -> int | None:
    """The number of the incident that was opened; None when the hub took none."""
    done = installation.command("incident", "open", "--title", title, "--impact", "3", "--json")
    if done.returncode == 0:
        return 1
    assert "room" in done.stderr or "written" in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1
    return None


def titles(installation: Installation) -> set[str]:
    return {row["title"] for row in installation.json("incident", "list", "--filter", "title~kept")}


def log_of(installation: Installation) -> str:
    return (installation.state / "log" / "hub.log").read_text()


def agents_wait(installation: Installation, disk: Path) -> bool:
    """The log says that agents are told to. What a checkpoint freed meanwhile is taken, too."""
    fill(disk / "ballast")
    return "agents can be put on record" in log_of(installation)


def test_a_full_disk_is_said_reads_go_on_nothing_acknowledged_is_lost_and_it_recovers(disk: Path) -> None:
    with Installation(disk / "state", QUICK) as installation:
        fill(disk / "ballast")
        acknowledged = set()
        for n in range(500):
            if opened(installation, f"kept {n}") is None:
                break
            acknowledged.add(f"kept {n}")
        else:
            raise AssertionError("the disk never filled up")
        # The agent's next message meets it too: one line, and the agent waits.
        wait_for("the log to say so", lambda: agents_wait(installation, disk), limit_s=120)
        assert titles(installation) == acknowledged
        assert len(installation.json("ci", "list")) > 50
        fill(disk / "ballast")  # what a checkpoint may have freed
        assert "0 MiB are left" in installation.command("doctor").stdout
        (disk / "ballast").unlink()
        wait_for("writing to go on", lambda: opened(installation, "kept, after"), limit_s=60)
        acknowledged.add("kept, after")
        wait_for("the agent to be heard again", lambda: "put on record again" in log_of(installation), limit_s=180)
        assert "Traceback" not in log_of(installation), log_of(installation)
        installation.down()
        installation.up()
        assert titles(installation) == acknowledged
        assert installation.json("audit", "verify")["broken_seq"] is None


def test_a_disk_that_fails_is_said_reads_go_on_nothing_acknowledged_is_lost_and_it_recovers(
    installation: Installation,
) -> None:
    assert opened(installation, "kept")
    with writing_fails(installation.process("hub").pid):
        assert opened(installation, "refused") is None
        assert titles(installation) == {"kept"}
        assert "takes no writes" in installation.command("doctor").stdout
    wait_for("writing to go on", lambda: opened(installation, "kept, after"), limit_s=60)
    assert "Traceback" not in log_of(installation)
    installation.down()
    installation.up()
    assert titles(installation) == {"kept", "kept, after"}
    assert installation.json("audit", "verify")["broken_seq"] is None
