"""Who has the state directory: an advisory lock that the kernel frees with the process, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from cmdb.store.protocol import StoreFull, StoreTaken


class StateLock:
    """Held from creation to `release`; the file holds the pid of whoever holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreFull(
                f"state directory {path.parent}", f"cannot be written ({error.strerror})", "see to its disk and owner"
            ) from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._fd, 20, 0).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise StoreTaken(
                f"state directory {path.parent}",
                f"is in use by process {holder}" if holder.isdigit() else "is in use by another process",
                "stop that one, or name another directory with --state",
            ) from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go; the file stays, so that nobody locks a file that is about to vanish."""
        os.ftruncate(self._fd, 0)
        fcntl.flock(self._fd, fcntl.LOCK_UN)  # a child that was forked may not have let go of it yet
        os.close(self._fd)
