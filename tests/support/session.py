"""The console at one end of a pseudo-terminal: bytes in, bytes out. For screens with keys see `tests.terminal`."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

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

    def settles(self, for_s: float = 0.7) -> None:
        """Read until nothing was written for a while."""
        deadline = time.monotonic() + LIMIT_S
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < for_s and time.monotonic() < deadline:
            if select.select([self.master], [], [], 0.1)[0]:
                self.seen += os.read(self.master, 65536)
                quiet_since = time.monotonic()

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

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def end(self) -> None:
        """For certain."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1
