"""The reference store: plain dictionaries, nothing durable. What the contract suite holds every store against."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any

from cmdb.audit import GENESIS, next_row
from cmdb.model.change import AuditRow, Delta, HistoryRow
from cmdb.model.kind import Kind
from cmdb.store.protocol import Batch, Behind, Committed, Document, Predicate, StaleVersion


class MemoryStore:
    """Keeps every version of every document, and every delta."""

    def __init__(self) -> None:
        self._versions: dict[tuple[Kind, str], list[tuple[datetime, Document | None]]] = {}
        self._history: list[HistoryRow] = []
        self._audit: list[AuditRow] = []
        self._batches: list[tuple[Delta, ...]] = []
        self._changed = asyncio.Condition()
        self._closed = False

    @property
    def seq(self) -> int:
        return len(self._batches)

    async def commit(self, batch: Batch) -> Committed:
        bodies: list[dict[str, Any] | None] = []
        for write in batch.writes:
            current = self._now(write.kind, write.id)
            actual = 0 if current is None else current["version"]
            if write.expected is not None and write.expected != actual:
                raise StaleVersion(write.kind, write.id, write.expected, actual, current)
            bodies.append(None if write.body is None else {**copy.deepcopy(write.body), "version": actual + 1})
        seq = self.seq + 1
        deltas = []
        for write, body in zip(batch.writes, bodies, strict=True):
            self._versions.setdefault((write.kind, write.id), []).append((batch.at, body))
            deltas.append(Delta(seq, write.kind, write.id, body))
        for row in batch.differences:
            self._history.append(
                HistoryRow(
                    seq=seq,
                    at=batch.at,
                    kind=row.kind,
                    id=row.id,
                    attribute=row.attribute,
                    before=row.before,
                    after=row.after,
                    actor=batch.actor,
                    reason=batch.reason,
                )
            )
        previous = self._audit[-1].digest if self._audit else GENESIS
        self._audit.append(next_row(previous, seq, batch.at, batch.actor, batch.reason, batch.summary))
        self._batches.append(tuple(deltas))
        async with self._changed:
            self._changed.notify_all()
        return Committed(seq, tuple(deltas))

    async def get(self, kind: Kind, id_: str, *, at: datetime | None = None) -> Document | None:
        return self._now(kind, id_) if at is None else self._then(kind, id_, at)

    async def find(
        self,
        kind: Kind,
        equals: Mapping[str, Any] | None = None,
        matching: Predicate | None = None,
        *,
        at: datetime | None = None,
    ) -> list[Document]:
        found = []
        for of_kind, id_ in sorted(self._versions):
            document = None if of_kind is not kind else await self.get(kind, id_, at=at)
            if document is None or any(document.get(name) != value for name, value in (equals or {}).items()):
                continue
            if matching is None or matching(document):
                found.append(document)
        return found

    async def history(
        self,
        kind: Kind | None = None,
        id_: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[HistoryRow]:
        rows = [
            row
            for row in reversed(self._history)
            if (kind is None or row.kind is kind)
            and (id_ is None or row.id == id_)
            and (since is None or row.at >= since)
            and (until is None or row.at < until)
        ]
        return rows[:limit]

    async def audit(self, *, after_seq: int = 0, limit: int | None = None) -> list[AuditRow]:
        return self._audit[after_seq:][:limit]

    async def subscribe(self, after_seq: int | None = None) -> AsyncGenerator[Sequence[Delta]]:
        position = self.seq if after_seq is None else after_seq
        if position > self.seq:
            raise Behind("subscription", f"sequence number {position} has not been written yet", "subscribe anew")
        while not self._closed:
            while position < self.seq:
                position += 1
                yield self._batches[position - 1]
            async with self._changed:
                while not self._closed and position == self.seq:
                    await self._changed.wait()

    async def close(self) -> None:
        self._closed = True
        async with self._changed:
            self._changed.notify_all()

    def _now(self, kind: Kind, id_: str) -> Document | None:
        versions = self._versions.get((kind, id_))
        return versions[-1][1] if versions else None

    def _then(self, kind: Kind, id_: str, at: datetime) -> Document | None:
        document: Document | None = None
        for written_at, body in self._versions.get((kind, id_), ()):
            if written_at <= at:
                document = body
        return document
