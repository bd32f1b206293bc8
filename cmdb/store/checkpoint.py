"""The thread that folds the write-ahead log into the database file, beside the writer. Passive: it waits for nobody."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

from cmdb.store.connection import connect

_INTERVAL_S = 1.0
_WORTH_BYTES = 4 * 1024 * 1024


class Checkpointer:
    """Checkpoints once the log is worth it. What it cannot do stays in the log, where every reader finds it."""

    def __init__(self, path: Path) -> None:
        self._log = path.with_name(path.name + "-wal")
        self._path = path
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-checkpoint", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        self._ends.set()
        self._thread.join()

    def _run(self) -> None:
        connection = connect(self._path)
        try:
            while not self._ends.wait(_INTERVAL_S):
                size = self._log.stat().st_size if self._log.exists() else 0
                if size >= _WORTH_BYTES:
                    self._checkpoint(connection)
        finally:
            connection.close()

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        # On a full disk it fails; the writer meets that too, and says so.
        with contextlib.suppress(sqlite3.Error):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
