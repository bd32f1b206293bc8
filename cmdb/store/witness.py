"""A few bytes beside the database that say how far it went: the number of the last batch that was acknowledged.

SQLite takes a write-ahead log that was cut short for a log that ends there, and an older copy of the file for the
file. The witness knows better. It is written after each sync and never synced itself: it can lag, it cannot lie.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from pathlib import Path

_RECORD = struct.Struct(">QI")


def witness_path(database: Path) -> Path:
    return database.with_name(database.name + "-seen")


class Witness:
    """Open for as long as the database is."""

    def __init__(self, database: Path) -> None:
        self._fd = os.open(witness_path(database), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def seen(self) -> int:
        """The last number written; 0 where nothing legible is."""
        record = os.pread(self._fd, _RECORD.size, 0)
        if len(record) != _RECORD.size:
            return 0
        seq, checksum = _RECORD.unpack(record)
        return int(seq) if checksum == zlib.crc32(record[:8]) else 0

    def write(self, seq: int) -> None:
        """That it cannot be written is no reason to refuse a batch that is durable."""
        number = struct.pack(">Q", seq)
        with contextlib.suppress(OSError):
            os.pwrite(self._fd, _RECORD.pack(seq, zlib.crc32(number)), 0)

    def close(self) -> None:
        os.close(self._fd)
