"""Running someone else's program: own process group, `LC_ALL=C`, bounded output, nothing of it left behind.

A cancel ends the whole group with SIGTERM, then SIGKILL. The time limit is the caller's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO, Optional

import msgspec

from checks.readiness import readable

MAX_OUTPUT_BYTES = 256 * 1024
KILL_AFTER_S = 2.0
PIPES_AFTER_EXIT_S = 0.5
INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "TZ", "TMPDIR")  # and nothing that may be a secret


class Child(msgspec.Struct, frozen=True):
    """How a program ended and what it wrote; `exit_code` is negative when a signal ended it."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def ended(self) -> str:
        """In words: `ended with code 3`, `was ended by SIGSEGV`."""
        if self.exit_code >= 0:
            return f"ended with code {self.exit_code}"
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-self.exit_code).name}"
        return f"was ended by signal {-self.exit_code}"


async def run_child(command: Sequence[str], environment: Optional[Mapping[str, str]] = None) -> Child:
    """Run it to its end; raises `OSError` where it cannot be started."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    with subprocess.Popen(  # noqa: ASYNC220 - a fork is short, and our own pipes stay within bounds
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**kept, **(environment or {}), "LC_ALL": "C"},
        start_new_session=True,
    ) as process:
        try:
            stdout, stderr = await _outputs(process)
        except BaseException:
            await _end(process)
            raise
    return Child(process.returncode, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"))


async def _outputs(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What it wrote until it ended; a grandchild that keeps the pipes open is not waited for."""
    assert process.stdout is not None
    assert process.stderr is not None
    outputs = bytearray(), bytearray()
    readers = asyncio.gather(_read(process.stdout, outputs[0]), _read(process.stderr, outputs[1]))
    try:
        await _ended(process)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(readers, PIPES_AFTER_EXIT_S)
    finally:
        readers.cancel()
        await asyncio.gather(readers, return_exceptions=True)
    return bytes(outputs[0]), bytes(outputs[1])


async def _read(pipe: IO[bytes], into: bytearray) -> None:
    """Everything up to the end goes through; what is beyond the bound is dropped, so that the writer can go on."""
    os.set_blocking(pipe.fileno(), False)
    while True:
        try:
            data = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            await readable(pipe.fileno())
            continue
        if not data:
            return
        into += data[: MAX_OUTPUT_BYTES - len(into)]


async def _ended(process: subprocess.Popen[bytes]) -> None:
    """Come back when the process has ended: by its descriptor where the kernel has one, else by looking again."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        while process.poll() is None:  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0.02)
        return
    try:
        await readable(descriptor)
    finally:
        os.close(descriptor)


async def _end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM to the group, then SIGKILL to what is left; the leader is not reaped before, so its id stays its own."""
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(_ended(process), KILL_AFTER_S)
    _signal(process, signal.SIGKILL)
    await _ended(process)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
