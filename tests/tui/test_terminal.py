"""The console in a terminal of its own: it starts without a hub and ends with its terminal, however that ends."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path
from cmdb.locations import Locations
from console.app import run_console
sys.exit(run_console(Locations(Path(sys.argv[1]))))
"""
LIMIT_S = 60.0


class Session:
    """The console at one end of a pseudo-terminal."""

    def __init__(self, state: Path) -> None:
        self.master, slave = pty.openpty()
        environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(state)],
            cwd=ROOT,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = b""

    def shows(self, text: bytes) -> None:
        """Read until this was written."""
        deadline = time.monotonic() + LIMIT_S
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} not within {LIMIT_S} s: {self.seen[-2000:]!r}"
            if select.select([self.master], [], [], 0.1)[0]:
                self.seen += os.read(self.master, 65536)

    def hang_up(self) -> None:
        os.close(self.master)
        self.master = -1

    def ended(self) -> int:
        """The exit status; what it still writes is read meanwhile."""
        deadline = time.monotonic() + LIMIT_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running after {LIMIT_S} s"
            if self.master >= 0 and select.select([self.master], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.master, 65536)
                except OSError:
                    break
            elif self.master < 0:
                time.sleep(0.02)
        return self.process.wait(LIMIT_S)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(tmp_path)
    try:
        session.shows(b"No hub")
        yield session
    finally:
        if session.process.poll() is None:
            session.process.kill()
            session.process.wait()
        if session.master >= 0:
            os.close(session.master)


def _press(key: bytes) -> Callable[[Session], object]:
    return lambda session: os.write(session.master, key)


def _signal(number: int) -> Callable[[Session], object]:
    return lambda session: session.process.send_signal(number)


@pytest.mark.slow
@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(_press(b"q"), id="q"),
        pytest.param(_press(b"\x03"), id="ctrl-c"),
        pytest.param(_signal(signal.SIGTERM), id="sigterm"),
        pytest.param(_signal(signal.SIGHUP), id="sighup"),
    ],
)
def test_it_leaves_cleanly_and_gives_the_terminal_back(session: Session, leave: Callable[[Session], object]) -> None:
    leave(session)
    assert session.ended() == 0
    assert b"\x1b[?1049l\x1b[?25h" in session.seen


@pytest.mark.slow
def test_it_ends_with_its_terminal_and_uses_no_time_for_that(session: Session) -> None:
    session.hang_up()
    assert session.ended() == 0
