"""An agent's own directory: its lock, its id, the work it was last given. Not the spool's inside.

Errors::

    StateDirTaken     another agent runs on this directory
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from pathlib import Path
from typing import Optional

import msgspec

from agent.files import read_bounded, write_whole
from agent.wire import MAX_FRAME_BYTES, Work

_ID = re.compile(r"[0-9a-f]{32}")


class StateDirTaken(Exception):
    """Another agent holds this directory."""


class StateDir:
    """Held by one agent at a time, from `take` until `release` or the process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spool = path / "spool"
        self.discovery_memory = path / "discovery.msgpack"
        self.known_items = path / "known.msgpack"
        self.recall = path / "recall.json"
        self._lock: Optional[int] = None

    def take(self) -> None:
        """Make the directory and hold it. Raises `StateDirTaken`, `OSError`."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.path / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise StateDirTaken(str(self.path)) from None
        self._lock = lock

    def release(self) -> None:
        """Let another agent have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def agent_id(self) -> str:
        """This agent's id: made once, the same ever after. Raises `OSError`."""
        path = self.path / "id"
        known = read_bounded(path, 100).decode("ascii", "replace").strip()
        if _ID.fullmatch(known):
            return known
        made = os.urandom(16).hex()
        write_whole(path, made.encode() + b"\n")
        return made

    def mark_reported(self) -> None:
        """Leave a sign that a report went out: an upgrade goes back by itself when it does not come."""
        with contextlib.suppress(OSError):
            (self.path / "reported").touch()

    def keep_work(self, work: Work) -> None:
        """Remember it, so that a restart finds its checks while no hub is there. Raises `OSError`."""
        write_whole(self.path / "work.msgpack", msgspec.msgpack.encode(work))

    def kept_work(self) -> Optional[Work]:
        """The work that was kept last; None when there is none that can be read."""
        try:
            return msgspec.msgpack.decode(read_bounded(self.path / "work.msgpack", MAX_FRAME_BYTES), type=Work)
        except msgspec.MsgspecError:
            return None
