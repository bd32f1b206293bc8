"""The SQLite file of the embedded store: opened, its schema made or refused, read whole, written batch by batch.

Synchronous, one connection, one thread at a time. Not the memory of it (`packed`), not when it is written (`writer`).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from cmdb.store.connection import connect, transaction
from cmdb.store.errors import damaged, explained
from cmdb.store.rows import BatchRows, write_batches
from cmdb.store.schema import bring_up_to_date
from cmdb.store.verify import Head, StoredDocuments, verified_documents, verified_head
from cmdb.store.witness import Witness

LOG_BYTES = 8 * 1024 * 1024


class Database:
    """The one writing connection. Opening it verifies that the log ends where it was last seen to end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written_bytes = 0
        with explained(path):
            self.connection = connect(path)
            self._witness = Witness(path)
            try:
                bring_up_to_date(self.connection, path)
                self.head = self._verified_head()
            except BaseException:
                self.abandon()
                raise

    def _verified_head(self) -> Head:
        head, seen = verified_head(self.connection, self.path), self._witness.seen()
        if seen > head.seq:
            raise damaged(self.path, f"it ends at batch {head.seq}, but batch {seen} was acknowledged")
        return head

    def documents(self) -> Iterator[StoredDocuments]:
        """Every document, verified, in the order of insertion of each kind. Raises `StoreDamaged`."""
        return verified_documents(self.connection, self.path, self.head)

    def write(self, batches: Sequence[BatchRows], head: Head) -> None:
        """All of these batches in one transaction, durable on return. Raises `StoreFull`, `StoreDamaged`."""
        with explained(self.path), transaction(self.connection):
            write_batches(self.connection, batches)
            self.connection.execute(
                "UPDATE head SET seq = ?, at = ?, digest = ?, documents = ?, checksum = ?, last_number = ?",
                msgspec.structs.astuple(head),
            )
            self.written_bytes += sum(batch.size_bytes for batch in batches)
        self.head = head
        self._witness.write(head.seq)

    def lengthen_log(self) -> None:
        """Give the log the length that it soon has: to overwrite a file costs half of what making it longer does.

        SQLite takes the first frame that is not whole, as zeros are not, for the end. Only before the first write: what
        lies behind the end then is nobody's. Not where room is short.
        """
        log = self.path.with_name(self.path.name + "-wal")
        with contextlib.suppress(OSError):
            disk = os.statvfs(log)
            missing_bytes = LOG_BYTES - log.stat().st_size
            if missing_bytes > 0 and disk.f_bavail * disk.f_frsize > 20 * LOG_BYTES:
                with log.open("ab") as file:
                    file.write(bytes(missing_bytes))
                    os.fsync(file.fileno())

    def probe(self) -> None:
        """Write something that changes nothing. Raises what a batch would meet."""
        with explained(self.path), transaction(self.connection):
            self.connection.execute("UPDATE head SET probes = probes + 1")

    def close(self) -> None:
        """Fold the log into the file where there is room for it, and let go."""
        # Where there is no room the log stays, and is read at the next opening.
        with contextlib.suppress(sqlite3.Error):
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.abandon()

    def abandon(self) -> None:
        """Let go of a file that is not to be touched."""
        self.connection.close()
        self._witness.close()
