"""What checks went through and measured, copied beside a backup of the record, and its way back.

Synchronous, as the record's own backup is.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from cmdb.store.connection import connect
from cmdb.store.errors import damaged, explained
from cmdb.store.placing import put_aside, remove, settle
from cmdb.store.protocol import StoreError


def beside(backup: Path) -> Path:
    """The file of the series that belongs to this backup of the record."""
    return backup.with_name(backup.name + ".series")


def back_up_series(series: Path, backup: Path) -> None:
    """Copy them as they are at this moment, where there are any. Raises `StoreError`, also for a name that is taken."""
    if series.exists():
        _place(series, beside(backup), "backed up")


def restore_series(backup: Path, series: Path) -> None:
    """Put those of a backup in place, the old ones kept as `….before-restore`. Raises `StoreError`."""
    if beside(backup).exists():
        _place(beside(backup), series, "restored")


def refuse_taken(backup: Path) -> None:
    """Raises `StoreError` when the name that the series would get is taken."""
    if beside(backup).exists():
        raise StoreError(f"backup {beside(backup)}", "is there already", "name another file")


def _place(source: Path, target: Path, doing: str) -> None:
    partial = target.with_name(f"{target.name}.{doing.replace(' ', '-')}")
    remove(partial)
    try:
        with explained(source), closing(connect(source, read_only=True)) as connection:
            _verify(connection, source)
            with explained(target), closing(connect(partial)) as copy:
                connection.backup(copy, pages=-1)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
        with explained(target):
            put_aside(target)
            settle(partial, target)
    finally:
        remove(partial)


def _verify(connection: sqlite3.Connection, path: Path) -> None:
    (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise damaged(path, str(said))
