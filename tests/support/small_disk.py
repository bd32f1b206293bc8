"""Disks that fill up or fail. Without the right to mount a test is skipped, or fails where all must run."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import wait_for


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


class FailingDisk:
    """An ext4 file system in a file: `fail` does to it what a disk error does, `mend` what an administrator does.

    Where the kernel gives no loop device, as in many containers, a test is skipped in any case.
    """

    def __init__(self, image: Path, at: Path) -> None:
        self.at = at
        self._image = image

    def __enter__(self) -> FailingDisk:
        if shutil.which("mkfs.ext4") is None:
            pytest.skip("mkfs.ext4 is not there")
        with self._image.open("wb") as file:
            file.truncate(64 * 1024 * 1024)
        subprocess.run(["mkfs.ext4", "-q", str(self._image)], check=True)
        self.at.mkdir()
        if (refused := self._mount()) is not None:
            pytest.skip(f"cannot mount a file here: {refused}")
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "-l", str(self.at)], check=True)

    def fail(self) -> None:
        """From now on it takes no writes, whoever has a file open."""
        subprocess.run(["mount", "-o", "remount,abort", str(self.at)], check=True)

    def mend(self) -> None:
        """Check it and mount it again. Nobody may have a file open."""
        wait_for("nobody to use the disk", lambda: _run("umount", str(self.at)) is None, limit_s=60)
        checked = subprocess.run(["e2fsck", "-fy", str(self._image)], capture_output=True, check=False)
        assert checked.returncode in {0, 1}, checked.stdout
        assert self._mount() is None

    def _mount(self) -> str | None:
        return _run("mount", "-o", "loop", str(self._image), str(self.at))


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
