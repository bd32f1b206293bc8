"""Putting a whole SQLite file in its place. Not what is in it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def put_aside(database: Path) -> None:
    """Keep it as `….before-restore`. The log first: what it holds must never meet another file."""
    for suffix in ("-wal", "-shm", ""):
        old = database.with_name(database.name + suffix)
        kept = database.with_name(database.name + ".before-restore" + suffix)
        kept.unlink(missing_ok=True)
        if old.exists():
            old.rename(kept)


def settle(partial: Path, target: Path) -> None:
    """Durable under its name."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.rename(target)
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def remove(partial: Path) -> None:
    """With what SQLite leaves beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            partial.with_name(partial.name + suffix).unlink()
