"""Disks that fill up or fail. Without the right to mount, a full one is skipped, or fails where all must run."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest


@contextlib.contextmanager
def small_disk_at(disk: Path, size_mib: int) -> Iterator[Path]:
    """A tmpfs of that size, mounted inside the `with`."""
    disk.mkdir()
    refused = _run("mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "watchdeck-test", str(disk))
    if refused is not None:
        (pytest.fail if os.environ.get("WATCHDECK_REQUIRE_ALL") else pytest.skip)(f"cannot mount here: {refused}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@contextlib.contextmanager
def writing_fails(pid: int) -> Iterator[None]:
    """Inside the `with` the kernel refuses this process every write to a file, whoever opened it when."""
    process = psutil.Process(pid)
    soft, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.rlimit(psutil.RLIMIT_FSIZE, (soft, hard))


def _run(*command: str) -> str | None:
    """Why it went wrong; None when it did not."""
    if os.geteuid() != 0:
        return "not as root"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip() or f"exit {done.returncode}"


def fill(ballast: Path) -> None:
    """Take all the room that is left, with this file."""
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
