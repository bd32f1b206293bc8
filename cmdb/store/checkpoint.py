"""The thread that folds the write-ahead log into the database file, beside the writer. Passive: it waits for nobody."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from cmdb.store.connection import connect

_INTERVAL_S = 1.0
_WORTH_BYTES = 2 * 1024 * 1024
_AT_THE_LATEST_S = 60.0


class Checkpointer:
    """`written_bytes` says how much was written so far. What a checkpoint leaves stays in the log, where readers find
    it."""

    def __init__(self, path: Path, written_bytes: Callable[[], int]) -> None:
        self._path = path
        self._written_bytes = written_bytes
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-checkpoint", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        self._ends.set()
        self._thread.join()

    def _run(self) -> None:
        connection = connect(self._path)
        done_bytes, waited_s = 0, 0.0
        try:
            while not self._ends.wait(_INTERVAL_S):
                waited_s += _INTERVAL_S
                new_bytes = self._written_bytes() - done_bytes
                if new_bytes >= _WORTH_BYTES or (new_bytes and waited_s >= _AT_THE_LATEST_S):
                    done_bytes, waited_s = done_bytes + new_bytes, 0.0
                    # On a full disk it fails; the writer meets that too, and says so.
                    with contextlib.suppress(sqlite3.Error):
                        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            connection.close()
