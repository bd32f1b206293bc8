"""What is wrong with a database, and how big it is: for `watchdeck doctor`. Reads beside a running hub, never mends."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from cmdb.audit import GENESIS, first_broken
from cmdb.model.kind import Kind
from cmdb.store.chain import audit_row
from cmdb.store.columns import Columns
from cmdb.store.connection import connect
from cmdb.store.errors import explained
from cmdb.store.protocol import StoreError
from cmdb.store.rows import change_in, past_row_is_intact, seq_of_place
from cmdb.store.schema import known_schema
from cmdb.store.verify import StoredDocuments, verified_documents, verified_head, verify_structure

NAMED_ORPHANS = 5  # of each sort; the rest is counted
LOW_BYTES = 100 * 1024 * 1024

# A record of a kind whose field names a record of another: what points at nothing is an orphan.
_REFERENCES: tuple[tuple[Kind, str, Kind], ...] = (
    (Kind.CI, "host", Kind.CI),
    (Kind.RELATION, "source", Kind.CI),
    (Kind.RELATION, "target", Kind.CI),
    (Kind.CHECK, "ci", Kind.CI),
    (Kind.AGENT, "host", Kind.CI),
    (Kind.DECISION, "ci", Kind.CI),
)
_REFERRING = {kind: tuple(field for of, field, _ in _REFERENCES if of is kind) for kind, _, _ in _REFERENCES}


class Finding(msgspec.Struct, frozen=True):
    """Something wrong. `level` is error (what is there cannot be trusted) or warning."""

    level: str
    what: str
    why: str
    next_step: str


class Sizes(msgspec.Struct, frozen=True):
    """Bytes on disk and rows by table; `records` by kind."""

    database_bytes: int
    log_bytes: int
    free_bytes: int
    rows: dict[str, int]
    records: dict[str, int]


class Examination(msgspec.Struct, frozen=True):
    """`sizes` is None when the file could not be read at all."""

    path: str
    seq: int
    sizes: Sizes | None
    findings: tuple[Finding, ...]


def examine(database: Path) -> Examination:
    """Look at everything: structure, every checksum, the audit's chain, orphans, room. Takes seconds for a big one."""
    try:
        with explained(database), closing(connect(database, read_only=True)) as connection:
            connection.execute("BEGIN")  # all of it as of one moment, whoever writes
            known_schema(connection, database)
            return _examined(connection, database)
    except StoreError as error:
        return Examination(str(database), 0, None, (_finding(error),))


def _examined(connection: sqlite3.Connection, path: Path) -> Examination:
    findings: list[Finding] = []
    seq = 0
    census = _Census()
    try:
        verify_structure(connection, path)
        head = verified_head(connection, path)
        seq = head.seq
        for some in verified_documents(connection, path, head):
            census.count(some)
    except StoreError as error:
        findings.append(_finding(error))
    findings += _broken_past(connection)
    findings += _broken_audit(connection)
    findings += census.orphans()
    sizes = _sizes(connection, path, census.records)
    if sizes.free_bytes < LOW_BYTES:
        why = f"{sizes.free_bytes // 1024 // 1024} MiB are left"
        findings.append(Finding("warning", f"disk of {path}", why, "make room, or move the state directory"))
    return Examination(str(path), seq, sizes, tuple(findings))


def _finding(error: StoreError) -> Finding:
    return Finding("error", error.what, error.why, error.next_step)


def _broken_past(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Past versions and history rows that are not what was written."""
    restore = "restore a backup, or let what is older be forgotten"
    for row in connection.execute("SELECT place, kind, class, id, body, checksum FROM past"):
        if not past_row_is_intact(*row):
            why = f"as it was until batch {seq_of_place(row[0])} is not what was written"
            yield Finding("error", f"{row[1]} {row[3]}", why, restore)
    for row in connection.execute("SELECT seq, n, kind, class, id, attribute, change FROM history"):
        if change_in(row) is None:
            yield Finding("error", f"history row {row[1]} of batch {row[0]}", "is not what was written", restore)


def _broken_audit(connection: sqlite3.Connection) -> Iterator[Finding]:
    rows = connection.execute("SELECT seq, at, actor, reason, summary, previous, digest FROM audit ORDER BY seq")
    broken = first_broken((audit_row(*row) for row in rows), GENESIS)
    if broken is not None:
        seq, why = broken
        yield Finding("error", f"audit row {seq}", why, "find out who changed it: compare with a backup")


class _Census:
    """Who is there and who is pointed at; of a document no more than that is kept."""

    def __init__(self) -> None:
        self._ids: dict[str, set[str]] = {}
        self._named: dict[tuple[str, str], list[tuple[str, str]]] = {}  # by kind and field: (whose, whom)
        self._columns = {
            kind.value: (fields, Columns((field,) for field in fields)) for kind, fields in _REFERRING.items()
        }

    @property
    def records(self) -> dict[str, int]:
        """How many of each kind."""
        return {kind: len(ids) for kind, ids in sorted(self._ids.items())}

    def count(self, some: StoredDocuments) -> None:
        self._ids.setdefault(some.kind, set()).update(some.ids)
        fields, columns = self._columns.get(some.kind, ((), Columns(())))
        for field, values in zip(fields, columns.of_many(some.sealed), strict=True):
            named = self._named.setdefault((some.kind, field), [])
            named += [(id_, of) for id_, of in zip(some.ids, values, strict=True) if of is not None]

    def orphans(self) -> Iterator[Finding]:
        for kind, field, of in _REFERENCES:
            there = self._ids.get(of.value, set())
            lost = [id_ for id_, named in self._named.get((kind.value, field), ()) if named not in there]
            if lost:
                some = ", ".join(lost[:NAMED_ORPHANS]) + (", …" if len(lost) > NAMED_ORPHANS else "")
                why = f"name a {of} as {field} that is not there: {some}"
                next_step = "remove them, or scan their hosts again"
                yield Finding("warning", f"{len(lost)} records of kind {kind}", why, next_step)


def _sizes(connection: sqlite3.Connection, path: Path, records: dict[str, int]) -> Sizes:
    log = path.with_name(path.name + "-wal")
    disk = os.statvfs(path)
    return Sizes(
        database_bytes=path.stat().st_size,
        log_bytes=log.stat().st_size if log.exists() else 0,
        free_bytes=disk.f_bavail * disk.f_frsize,
        rows={table: _count(connection, table) for table in ("document", "past", "history", "audit", "fulltext")},
        records=records,
    )


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  # a name of ours
