"""Reads what is only on disk: records as they were, history, audit. In a thread of its own, on its own connection.

Every read is bounded by the sequence number that was visible when it was asked, so that it never shows what is
durable but not yet visible.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from cmdb.model.change import AuditRow, HistoryRow
from cmdb.model.kind import Kind
from cmdb.store.database import connect, damaged, explained
from cmdb.store.moment import from_us
from cmdb.store.seal import intact, unsealed

T = TypeVar("T")
_SQL = files("cmdb.store") / "sql"
_AS_OF = (_SQL / "as_of.sql").read_text("utf-8")
_HISTORY = (_SQL / "history.sql").read_text("utf-8")
_AUDIT = "SELECT seq, at, actor, reason, summary, previous, digest FROM audit WHERE seq > ? AND seq <= ? LIMIT ?"


class Archive:
    """Readers wait for each other, never for the writer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = connect(path, read_only=True)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-reader")

    async def as_of(self, kind: Kind, id_: str | None, at_us: int, seq: int) -> list[dict[str, Any]]:
        """The documents of that kind (one of them, or all) as they were, ordered by id."""
        asked = {"kind": kind.value, "id": id_, "at": at_us, "seq": seq}
        return await self._read(lambda: [self._document(kind, row) for row in self._rows(_AS_OF, asked)])

    async def history(self, **asked: Any) -> list[HistoryRow]:
        """`kind`, `id`, `since`, `until` (microseconds), `seq`, `limit`; newest first."""
        return await self._read(lambda: [self._history_row(row) for row in self._rows(_HISTORY, asked)])

    async def audit(self, after_seq: int, seq: int, limit: int | None) -> list[AuditRow]:
        asked = (after_seq, seq, -1 if limit is None else limit)
        return await self._read(lambda: [_audit_row(row) for row in self._rows(_AUDIT, asked)])

    async def close(self) -> None:
        await self._read(self._connection.close)
        self._thread.shutdown()

    async def _read(self, read: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, read)

    def _rows(self, statement: str, asked: Any) -> list[Any]:
        with explained(self._path):
            return self._connection.execute(statement, asked).fetchall()

    def _document(self, kind: Kind, row: tuple[str, int, int, bytes]) -> dict[str, Any]:
        id_, seq, at_us, sealed = row
        if not intact(sealed, kind.value, id_, seq, at_us):
            raise damaged(self._path, f"{kind} {id_} as it was at {from_us(at_us):%Y-%m-%dT%H:%M:%SZ}")
        document: dict[str, Any] = unsealed(sealed)
        return document

    def _history_row(self, row: tuple[Any, ...]) -> HistoryRow:
        seq, at_us, kind, id_, attribute, sealed, actor, reason, n = row
        if not intact(sealed, seq, n, kind, id_, attribute):
            raise damaged(self._path, f"history row {n} of batch {seq} ({kind} {id_}) is not what was written")
        before, after = unsealed(sealed)
        return HistoryRow(
            seq=seq, at=from_us(at_us), kind=Kind(kind), id=id_, attribute=attribute,
            before=before, after=after, actor=actor, reason=reason,
        )  # fmt: skip


def _audit_row(row: tuple[Any, ...]) -> AuditRow:
    seq, at_us, *texts = row
    actor, reason, summary, previous, digest = texts
    return AuditRow(
        seq=seq, at=from_us(at_us), actor=actor, reason=reason, summary=summary, previous=previous, digest=digest
    )
