"""A child process that is kept running: started, watched, started again when it dies, stopped in order.

A child holds the read end of a lifeline pipe; when its starter is gone, however it went, the pipe ends and the
child stops by itself. So no process is left behind, also after kill -9.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_LIMIT_S = 8.0
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
STEADY_AFTER_S = 30.0  # a child that lived this long starts again at once


@dataclass(frozen=True)
class Lifeline:
    """The two ends of the pipe; only the read end is handed down."""

    read_fd: int
    write_fd: int

    @classmethod
    def open(cls) -> Lifeline:
        read_fd, write_fd = os.pipe()
        return cls(read_fd, write_fd)


class Child:
    """One program of this installation, its output kept in a log file."""

    def __init__(self, name: str, command: Sequence[str], log: Path, pass_fds: Sequence[int]) -> None:
        self.name = name
        self.last_words = ""
        self._command = command
        self._log = log
        self._pass_fds = tuple(pass_fds)
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start it in a session of its own, so that the terminal's Ctrl-C reaches only its starter."""
        with self._log.open("ab") as log:
            written_before = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self._pass_fds,
                start_new_session=True,
            )
        self._written_before = written_before

    async def died(self) -> int:
        """Wait for its end; its exit status. `last_words` is then the last line that it wrote."""
        assert self._process is not None
        status = await self._process.wait()
        with self._log.open("rb") as log:
            log.seek(self._written_before)
            lines = log.read()[-4096:].decode(errors="replace").strip().splitlines()
        self.last_words = lines[-1] if lines else ""
        return status

    async def keep(self, on_restart: Callable[[str, int], None]) -> None:
        """Start it again whenever it dies, later each time that it dies soon."""
        loop = asyncio.get_running_loop()
        pause_s = FIRST_PAUSE_S
        while True:
            started = loop.time()
            status = await self.died()
            if self._stopping:
                return
            on_restart(self.name, status)
            pause_s = FIRST_PAUSE_S if loop.time() - started > STEADY_AFTER_S else min(pause_s * 2, LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)
            await self.start()

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when that is not heard in time."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
