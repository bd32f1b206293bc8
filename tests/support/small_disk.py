"""Disks that fill up or fail. Without the right to mount a test is skipped, or fails where all must run."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk_at(disk: Path, size_mib: int) -> Iterator[Path]:
    """A tmpfs of that size, mounted inside the `with`."""
    disk.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size_mib}m", "watchdeck-test", str(disk))
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


class FailingDisk:
    """An ext4 file system in a file: `fail` does to it what a disk error does, `mend` what an administrator does."""

    def __init__(self, image: Path, at: Path) -> None:
        self.at = at
        self._image = image

    def __enter__(self) -> FailingDisk:
        with self._image.open("wb") as file:
            file.truncate(64 * 1024 * 1024)
        subprocess.run(["mkfs.ext4", "-q", str(self._image)], check=True)
        self.at.mkdir()
        self._mount()
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "-l", str(self.at)], check=True)

    def fail(self) -> None:
        """From now on it takes no writes, whoever has a file open."""
        subprocess.run(["mount", "-o", "remount,abort", str(self.at)], check=True)

    def mend(self) -> None:
        """Check it and mount it again. Nobody may have a file open."""
        subprocess.run(["umount", str(self.at)], check=True)
        checked = subprocess.run(["e2fsck", "-fy", str(self._image)], capture_output=True, check=False)
        assert checked.returncode in {0, 1}, checked.stdout
        self._mount()

    def _mount(self) -> None:
        _mount("-o", "loop", str(self._image), str(self.at))


def _mount(*arguments: str) -> None:
    refused = "not as root"
    if os.geteuid() == 0:
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        refused = done.stderr.strip()
    (pytest.fail if os.environ.get("WATCHDECK_REQUIRE_ALL") else pytest.skip)(f"cannot mount here: {refused}")


def fill(ballast: Path) -> None:
    """Take all the room that is left, with this file."""
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
