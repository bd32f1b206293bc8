"""A real installation in a directory of its own: `watchdeck up --headless`, asked through the command line."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import psutil

from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
WATCHDECK = (sys.executable, "-m", "console.main")


class Installation:
    """Started by `with`, ended by it; whatever is left of it afterwards fails the test."""

    def __init__(self, state: Path, config: str = "") -> None:
        self.state = state
        self.ready_line = ""
        state.mkdir(parents=True, exist_ok=True)
        (state / "watchdeck.toml").write_text(config)
        self._up: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        """Start it and wait until it says `ready`."""
        with (self.state / "up.stderr").open("w") as said:
            self._up = subprocess.Popen(
                [*WATCHDECK, "up", "--headless", "--port", "0", "--state", str(self.state)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        assert self._up.stdout is not None
        self.ready_line = self._up.stdout.readline()
        if not self.ready_line.startswith("ready "):
            words = self._last_words()
            self.down()
            raise AssertionError(words)

    def _last_words(self) -> str:
        logs = [self.state / "up.stderr", *sorted(self.state.glob("log/*.log"))]
        return "\n".join(f"{path.name}: {path.read_text()[-2000:]}" for path in logs if path.exists())

    def down(self, number: int = signal.SIGTERM) -> None:
        """Stop it; no process of it is left."""
        if self._up is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._up.send_signal(number)
        self._up.wait(timeout=30)
        assert self._up.stdout is not None
        self._up.stdout.close()
        self._up = None
        wait_for("every process of the installation to end", lambda: not self.processes(), limit_s=15)

    def processes(self) -> list[psutil.Process]:
        """The processes that name this state directory on their command line."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            arguments = process.info["cmdline"] or []
            if any(str(self.state) in argument for argument in arguments) and process.status() != "zombie":
                found.append(process)
        return found

    def process(self, *words: str) -> psutil.Process:
        """The one process that has these words on its command line (`hub`; `agent.main`, `run`)."""

        def find() -> psutil.Process | None:
            found = [one for one in self.processes() if set(words) <= set(one.cmdline())]
            return min(found, key=lambda one: one.create_time()) if found else None

        process = wait_for(f"a process with {words}", find)
        assert process is not None
        return process

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command line of this installation."""
        return subprocess.run(
            [*WATCHDECK, *arguments],
            cwd=ROOT,
            env={**os.environ, "WATCHDECK_STATE": str(self.state)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        """What a command says with `--json`; it must succeed."""
        done = self.command(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
