"""The reference store: plain dictionaries, nothing durable. What the contract suite holds every store against."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from cmdb.audit import GENESIS, next_row
from cmdb.model.change import AuditRow, Delta, HistoryRow
from cmdb.model.kind import Kind
from cmdb.store.feed import Feed
from cmdb.store.index import path_of, value_at
from cmdb.store.protocol import Batch, Committed, Document, Predicate, StaleVersion, StoreError, Subscription
from cmdb.store.seal import normal, pack
from cmdb.store.text import says, text_of

R = TypeVar("R", bound=msgspec.Struct)


class MemoryStore:
    """Keeps every version of every document."""

    def __init__(self) -> None:
        self._versions: dict[tuple[Kind, str], list[tuple[datetime, Document | None]]] = {}
        self._history: list[HistoryRow] = []
        self._audit: list[AuditRow] = []
        self._feed = Feed()

    @property
    def seq(self) -> int:
        return self._feed.seq

    @property
    def trouble(self) -> str | None:
        return None

    async def commit(self, batch: Batch) -> Committed:
        if self._feed.ended:
            raise StoreError("store", "has been closed")
        seq, at = self.seq + 1, max([batch.at, *(row.at for row in self._audit[-1:])])
        deltas = self._deltas(batch, seq)
        for delta in deltas:
            self._versions.setdefault((delta.kind, delta.id), []).append((at, normal(delta.body)))
        for row in batch.differences:
            self._history.append(
                HistoryRow(
                    seq=seq,
                    at=at,
                    kind=row.kind,
                    id=row.id,
                    attribute=row.attribute,
                    before=normal(row.before),
                    after=normal(row.after),
                    actor=batch.actor,
                    reason=batch.reason,
                )
            )
        previous = self._audit[-1].digest if self._audit else GENESIS
        self._audit.append(next_row(previous, seq, at, batch.actor, batch.reason, batch.summary))
        self._feed.publish(deltas)
        return Committed(seq, deltas)

    async def get(self, kind: Kind, id_: str, *, at: datetime | None = None) -> Document | None:
        document: Document | None = normal(self._now(kind, id_) if at is None else self._then(kind, id_, at))
        return document

    async def bodies(self, keys: Sequence[tuple[Kind, str]]) -> list[bytes | None]:
        there = (self._now(*key) for key in keys)
        return [None if document is None else pack(document) for document in there]

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
            if document is None or any(
                value_at(document, path_of(name)) != value for name, value in (equals or {}).items()
            ):
                continue
            if matching is None or matching(document):
                found.append(document)
        return found

    async def scan(
        self, kind: Kind, equals: Mapping[str, Any] | None = None, matching: Predicate | None = None
    ) -> AsyncIterator[Document]:
        for document in await self.find(kind, equals, matching):
            yield document

    async def read(self, kind: Kind, type_: type[R], where: str, values: Iterable[str]) -> list[R]:
        wanted = frozenset(values)
        found = await self.find(kind, matching=lambda document: document.get(where) in wanted)
        return [msgspec.convert(document, type_) for document in found]

    async def search(self, text: str, kind: Kind, *, limit: int = 100) -> list[Document]:
        found = [document for document in await self.find(kind) if says(text_of(kind, document), text)]
        return found[:limit]

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

    def subscribe(self, after_seq: int | None = None) -> Subscription:
        return self._feed.subscribe(after_seq)

    async def close(self) -> None:
        self._feed.end()

    def _deltas(self, batch: Batch, seq: int) -> tuple[Delta, ...]:
        after: dict[tuple[Kind, str], Document | None] = {}
        deltas = []
        for write in batch.writes:
            key = (write.kind, write.id)
            current = after[key] if key in after else self._now(*key)
            actual = 0 if current is None else current["version"]
            if write.expected is not None and write.expected != actual:
                raise StaleVersion(write.kind, write.id, write.expected, actual, normal(current))
            body = None if write.body is None else {**write.body, "version": actual + 1}
            after[key] = body
            deltas.append(Delta(seq, write.kind, write.id, body))
        return tuple(deltas)

    def _now(self, kind: Kind, id_: str) -> Document | None:
        versions = self._versions.get((kind, id_))
        return versions[-1][1] if versions else None

    def _then(self, kind: Kind, id_: str, at: datetime) -> Document | None:
        document: Document | None = None
        for written_at, body in self._versions.get((kind, id_), ()):
            if written_at <= at:
                document = body
        return document
