"""What SQLite and the system report, as what it means for whoever reads it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cmdb.store.protocol import StoreDamaged, StoreError, StoreFull


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raises `StoreError`s in place of theirs."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explanation(path, error) from error
    except OSError as error:
        raise unwritable(path, error.strerror or str(error)) from error


def damaged(path: Path, why: str) -> StoreDamaged:
    return StoreDamaged(str(path), why, "restore a backup: watchdeck restore FILE")


def unwritable(path: Path, why: str) -> StoreFull:
    return StoreFull(str(path), f"cannot be written ({why})", "see to its disk, mount and permissions")


_UNREADABLE = {
    sqlite3.SQLITE_IOERR_READ,
    sqlite3.SQLITE_IOERR_SHORT_READ,
    sqlite3.SQLITE_IOERR_CORRUPTFS,
    sqlite3.SQLITE_IOERR_DATA,
}


def _explanation(path: Path, error: sqlite3.Error) -> StoreError:
    extended = getattr(error, "sqlite_errorcode", 0)
    code = extended & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StoreFull(str(path), "no room left on its disk", "make room; reads go on")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or extended in _UNREADABLE:
        return damaged(path, str(error))
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}:
        return unwritable(path, str(error))
    return StoreError(str(path), str(error))
