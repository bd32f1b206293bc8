"""The schema's version, and the way forward from every older one. There is no way back: a newer file is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from cmdb.store.connection import transaction
from cmdb.store.errors import explained
from cmdb.store.protocol import StoreDamaged

APPLICATION_ID = 0x57445354  # "WDST": what `file` shows, and what says that this is ours
# The n-th leads from schema n - 1 to schema n; each runs whole or not at all, and is never changed once released.
MIGRATIONS: Sequence[str] = tuple(
    (files("cmdb.store") / "sql" / name).read_text("utf-8") for name in ("schema_001.sql",)
)


def bring_up_to_date(connection: sqlite3.Connection, path: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Make the schema in an empty file, lead an older one forward. Raises `StoreDamaged` for any other file."""
    with explained(path):
        for version in range(known_schema(connection, path, migrations), len(migrations)):
            with transaction(connection):
                for statement in _statements(migrations[version]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {version + 1}")


def known_schema(connection: sqlite3.Connection, path: Path, migrations: Sequence[str] = MIGRATIONS) -> int:
    """The schema of the file, 0 for an empty one. Raises `StoreDamaged` when it is not ours, or newer than we are."""
    with explained(path):
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if not empty and application != APPLICATION_ID:
        raise StoreDamaged(str(path), "is not a Watchdeck database", "name another one")
    if version > len(migrations):
        why = f"has schema {version}, this Watchdeck knows up to {len(migrations)}"
        raise StoreDamaged(str(path), why, "install the newer Watchdeck")
    return 0 if empty else version


def _statements(script: str) -> list[str]:
    """The statements of a script; each ends at the end of a line."""
    statements = [""]
    for line in script.splitlines(keepends=True):
        statements[-1] += line
        if sqlite3.complete_statement(statements[-1]):
            statements.append("")
    return [statement for statement in statements if statement.strip()]
