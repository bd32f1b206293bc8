"""A copy of the database while it is in use, and its way back. Synchronous: run it off the event loop.

A backup is one file, complete, verified before it gets its name.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec

from cmdb.store.connection import connect
from cmdb.store.errors import explained
from cmdb.store.lock import StateLock
from cmdb.store.placing import put_aside, remove, settle
from cmdb.store.protocol import StoreDamaged, StoreError
from cmdb.store.schema import known_schema
from cmdb.store.verify import verified_documents, verified_head, verify_structure
from cmdb.store.witness import witness_path


class BackedUp(msgspec.Struct, frozen=True):
    """What a backup holds: everything up to batch `seq`."""

    path: str
    seq: int
    documents: int
    size_bytes: int


def back_up(database: Path, target: Path) -> BackedUp:
    """Copy the database as it is at this moment; writers go on. Raises `StoreError`, also when `target` exists."""
    if target.exists():
        raise StoreError(f"backup {target}", "is there already", "name another file")
    partial = target.with_name(target.name + ".partial")
    try:
        _copy(database, partial)
        held = verified_backup(partial)
        with explained(target):
            settle(partial, target)
    finally:
        remove(partial)
    return msgspec.structs.replace(held, path=str(target))


def verified_backup(backup: Path) -> BackedUp:
    """Read all of it. Raises `StoreDamaged` for what is not whole, not ours, or of a newer schema."""
    if not backup.is_file():
        raise StoreDamaged(f"backup {backup}", "is not there", "name a file made by `watchdeck backup`")
    with explained(backup), closing(connect(backup, read_only=True)) as connection:
        if known_schema(connection, backup) == 0:
            raise StoreDamaged(str(backup), "is empty", "name a file made by `watchdeck backup`")
        verify_structure(connection, backup)
        head = verified_head(connection, backup)
        documents = sum(len(some.ids) for some in verified_documents(connection, backup, head))
    return BackedUp(str(backup), head.seq, documents, backup.stat().st_size)


def restore(backup: Path, database: Path) -> BackedUp:
    """Put a backup in the place of the database, which is kept beside it as `….before-restore`.

    Raises `StoreTaken` while a hub runs, `StoreDamaged` as `verified_backup`. Cut short at any point, either the old
    database opens or opening says that batches are missing: then restore again.
    """
    lock = StateLock(database.with_name("hub.lock"))
    try:
        partial = database.with_name(database.name + ".restored")
        remove(partial)
        verified_backup(backup)
        _copy(backup, partial)
        held = verified_backup(partial)
        with explained(database):
            put_aside(database)
            settle(partial, database)
            witness_path(database).unlink(missing_ok=True)
    finally:
        lock.release()
    return msgspec.structs.replace(held, path=str(database))


def _copy(source: Path, target: Path) -> None:
    """With SQLite's own backup, in one step: a step's end would let a writer in, and it would begin again."""
    with explained(source), closing(connect(source, read_only=True)) as connection:
        known_schema(connection, source)
        with explained(target), closing(connect(target)) as copy:
            connection.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
