"""Where collectors get their text: bounded reads of files, bounded runs of commands. No parsing.

Errors: `Unsupported` (this host has nothing of the kind), `CommandFailed` and, of these, `CommandTooSlow`; a refusal is
Python's PermissionError.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence

READ_LIMIT_BYTES = 16 * 1024 * 1024
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Unsupported(Exception):
    """This host has nothing of the kind; the text says what was looked for."""


class CommandFailed(Exception):
    """A command ended badly or said too much; the text says which and how."""


class CommandTooSlow(CommandFailed):
    """It took too long: the next time it may not."""


def read_text(path: str, limit_bytes: int = READ_LIMIT_BYTES) -> str:
    """A file's text, at most `limit_bytes` of it; what is no UTF-8 becomes U+FFFD."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - hundreds of times a scan, and Path costs as much as the read
        chunks = []
        while limit_bytes > 0:
            chunk = file.read(min(limit_bytes, 1 << 18))
            if not chunk:
                break
            chunks.append(chunk)
            limit_bytes -= len(chunk)
    return b"".join(chunks).decode("utf-8", "replace")


def read_line(path: str) -> str:
    """A small file's text without its line end; empty where there is no such file or it says nothing."""
    try:
        return read_text(path, 4096).strip("\0 \n\t")
    except PermissionError:
        raise
    except OSError:
        return ""


def run(argv: Sequence[str], timeout_s: float = 5.0, limit_bytes: int = READ_LIMIT_BYTES) -> str:
    """What a command prints, in the C locale. It and all that it started are killed when it is late or endless."""
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={"LC_ALL": "C", "PATH": _PATH, "HOME": "/", "SYSTEMD_COLORS": "0"},
        )
    except FileNotFoundError:
        raise Unsupported(f"no program {argv[0]}") from None
    with process:
        assert process.stdout is not None
        try:
            output = _read_until(process.stdout.fileno(), time.monotonic() + timeout_s, limit_bytes, argv[0])
            code = process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            _kill_group(process.pid)
            raise CommandTooSlow(f"{argv[0]} took too long to end") from None
        except CommandFailed:
            _kill_group(process.pid)
            raise
    if code != 0 and not output:
        raise CommandFailed(f"{argv[0]} ended with {code}")
    return output.decode("utf-8", "replace")


def _read_until(descriptor: int, deadline: float, limit_bytes: int, name: str) -> bytes:
    chunks: list[bytes] = []
    size_bytes = 0
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise CommandTooSlow(f"{name} took too long")
            chunk = os.read(descriptor, 1 << 16)
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)
            size_bytes += len(chunk)
            if size_bytes > limit_bytes:
                raise CommandFailed(f"{name} printed more than {limit_bytes} bytes")


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
