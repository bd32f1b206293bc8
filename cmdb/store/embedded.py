"""The embedded store: one SQLite file, its documents packed in memory. Durable, then visible, then acknowledged.

Not what a batch means (`cmdb.hub.ledger`); not many hubs: the state directory is this process's alone.
"""

from __future__ import annotations

import asyncio
import gc
import pathlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from cmdb.model.change import AuditRow, HistoryRow
from cmdb.model.kind import Kind
from cmdb.store.archive import Archive, Between
from cmdb.store.checkpoint import Checkpointer
from cmdb.store.commits import Commits
from cmdb.store.database import Database
from cmdb.store.feed import Feed
from cmdb.store.index import Path, path_of, value_at
from cmdb.store.lock import StateLock
from cmdb.store.moment import from_us, to_us
from cmdb.store.narrow import equalities
from cmdb.store.packed import PackedRows
from cmdb.store.prepare import Prepared, RecordKey, by_name
from cmdb.store.protocol import (
    INDEXES,
    Batch,
    Committed,
    Document,
    Forgotten,
    Predicate,
    StoreDamaged,
    Subscription,
)
from cmdb.store.retention import horizons
from cmdb.store.seal import SEAL_BYTES, seq_of, unsealed
from cmdb.store.table import RecordTable
from cmdb.store.text import says, text_of
from cmdb.store.text_index import TextIndex, indexed_seq

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")
_MOMENTS_KEPT = 1000
_READ_AT_ONCE = 2000  # documents decoded before the event loop gets its turn: about 5 ms


class EmbeddedStore:
    """Made by `open`, in the event loop that it then belongs to."""

    def __init__(self, lock: StateLock, database: Database, tables: Mapping[Kind, PackedRows]) -> None:
        self._lock = lock
        self._database = database
        self._tables = tables
        self._by_name = by_name(tables)
        self._feed = Feed(database.head.seq)
        self.horizons = horizons(database.connection)
        self._seqs_at: dict[int, int] = {}
        self._archive = Archive(database.path)
        self._checkpointer = Checkpointer(database.path, lambda: database.written_bytes)
        late_from = indexed_seq(database.connection)
        self._commits = Commits(database, self._there, self._show)
        self._texts = TextIndex(tables, self._commits.on_writer)
        if late_from < database.head.seq:
            self._texts.catch_up(late_from)
        self._closed = False

    @classmethod
    async def open(cls, path: pathlib.Path) -> EmbeddedStore:
        """Open or make the database at `path`, alone: its directory is locked until `close`.

        Raises `StoreTaken`, `StoreDamaged`, `StoreFull`.
        """
        lock = StateLock(path.with_name("hub.lock"))
        try:
            database, tables = await asyncio.to_thread(_load, path)
        except BaseException:
            lock.release()
            raise
        return cls(lock, database, tables)

    @property
    def seq(self) -> int:
        return self._commits.visible.seq

    @property
    def trouble(self) -> str | None:
        cause = self._archive.damage or self._commits.trouble
        return None if cause is None else str(cause)

    async def commit(self, batch: Batch) -> Committed:
        return await self._commits.commit(batch)

    async def get(self, kind: Kind, id_: str, *, at: datetime | None = None) -> Document | None:
        seq = self.seq if at is None else await self._seq_at(at)
        sealed = self._tables[kind].rows.get(id_)
        if seq < self.seq and (sealed is None or seq_of(sealed) > seq):
            sealed = await self._archive.version_at(kind, id_, sealed, seq)
            if sealed is None:
                self._refuse_forgotten(kind, None, seq)
        return None if sealed is None else unsealed(sealed)

    async def bodies(self, keys: Sequence[tuple[Kind, str]]) -> list[bytes | None]:
        sealed = map(self._there, keys)
        return [None if there is None else there[:-SEAL_BYTES] for there in sealed]

    async def find(
        self,
        kind: Kind,
        equals: Mapping[str, Any] | None = None,
        matching: Predicate | None = None,
        *,
        at: datetime | None = None,
    ) -> list[Document]:
        return [document async for document in self._each(kind, equals, matching, at)]

    def scan(
        self, kind: Kind, equals: Mapping[str, Any] | None = None, matching: Predicate | None = None
    ) -> AsyncIterator[Document]:
        return self._each(kind, equals, matching, None)

    async def _each(
        self, kind: Kind, equals: Mapping[str, Any] | None, matching: Predicate | None, at: datetime | None
    ) -> AsyncIterator[Document]:
        demanded = [(path_of(name), value) for name, value in (equals or {}).items()]
        candidates = await self._candidates(kind, demanded + equalities(matching), at)
        for n, document in enumerate(map(unsealed, candidates), start=1):
            if _has(document, demanded) and (matching is None or matching(document)):
                yield document
            if n % _READ_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def read(self, kind: Kind, type_: type[R], where: str, values: Iterable[str]) -> list[R]:
        table, wanted = self._tables[kind], frozenset(values)
        # The bytes are taken at once, so that the whole answer is of one moment.
        sealed = [table.rows[id_] for id_ in sorted(table.ids(where, wanted))]
        decode, value_of = _reader_of(type_, where)
        found: list[R] = []
        for first in range(0, len(sealed), _READ_AT_ONCE):
            if first:
                await asyncio.sleep(0)
            records = [decode(one[:-SEAL_BYTES]) for one in sealed[first : first + _READ_AT_ONCE]]
            found += [record for record in records if value_of(record) in wanted]
        return found

    async def search(self, text: str, kind: Kind, *, limit: int = 100) -> list[Document]:
        rows = self._tables[kind].rows
        late = dict.fromkeys(self._texts.unindexed(kind))
        indexed = await self._archive.search(text, kind, limit + len(late))
        found = [unsealed(rows[id_]) for id_ in indexed if id_ in rows and id_ not in late]
        for n, id_ in enumerate(late, start=1):
            if id_ in rows and says(text_of(kind, document := unsealed(rows[id_])), text):
                found.append(document)
            if n % _READ_AT_ONCE == 0:
                await asyncio.sleep(0)
        return found[:limit]

    @property
    def unindexed(self) -> int:
        """How many records the full-text index has yet to follow; searches find them all the same."""
        return sum(len(self._texts.unindexed(kind)) for kind in Kind)

    async def history(
        self,
        kind: Kind | None = None,
        id_: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[HistoryRow]:
        between = Between(None if since is None else to_us(since), None if until is None else to_us(until), self.seq)
        rows = -1 if limit is None else limit
        if id_ is None:
            return await self._archive.history(kind, between, rows)
        found = [
            row
            for of_kind in (Kind if kind is None else (kind,))
            for row in await self._archive.history_of(of_kind, id_, self._tables[of_kind].rows.get(id_), between, rows)
        ]
        return sorted(found, key=lambda row: row.seq, reverse=True)[:limit]

    async def audit(self, *, after_seq: int = 0, limit: int | None = None) -> list[AuditRow]:
        return await self._archive.audit(after_seq, self.seq, -1 if limit is None else limit)

    def table(self, kind: Kind) -> RecordTable:
        """The records of a kind, to be asked in TinyDB's words."""
        return RecordTable(self, kind.value)

    def packed(self, name: str) -> PackedRows:
        """The storage that such a table has: what is visible."""
        return self._by_name[name]

    def subscribe(self, after_seq: int | None = None) -> Subscription:
        return self._feed.subscribe(after_seq)

    async def on_writer(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do this in a transaction of the writer's, between batches."""
        return await self._commits.on_writer(work)

    async def on_reader(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Look at the file beside the writer, which goes on meanwhile."""
        return await self._archive.read(work)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await self._texts.stop()
            await self._commits.finish()
            self._feed.end()
            await asyncio.to_thread(self._checkpointer.finish)
            await self._archive.close()
            await asyncio.to_thread(self._database.close)
        finally:
            self._lock.release()

    def _there(self, key: RecordKey) -> bytes | None:
        return self._by_name[key[0]].rows.get(key[1])

    def _show(self, prepared: Prepared) -> None:
        """From now on it is seen."""
        for (kind, id_), sealed in prepared.after.items():
            self._by_name[kind].set(id_, sealed)
        self._feed.publish(prepared.deltas)
        self._texts.changed(prepared.reworded, prepared.head.seq)

    async def _candidates(self, kind: Kind, demanded: list[tuple[Path, Any]], at: datetime | None) -> Iterable[bytes]:
        """In order of id. The bytes are taken at once, so that the whole answer is of one moment."""
        seq = self.seq if at is None else await self._seq_at(at)
        table = self._tables[kind]
        ids = table.candidates(demanded)
        if seq < self.seq:
            self._refuse_forgotten(kind, dict(demanded).get(("class",)), seq)
        if seq == self.seq:
            return [table.rows[id_] for id_ in sorted(ids)]
        unchanged = {id_: table.rows[id_] for id_ in ids if seq_of(table.rows[id_]) <= seq}
        # Memory first: what is replaced from here on is in both, what was replaced before is in the archive.
        then = await self._archive.replaced_since(seq, kind) | unchanged
        return [then[id_] for id_ in sorted(then)]

    async def _seq_at(self, at: datetime) -> int:
        """The batch that was the last one then. Moments rise with the batches, so of the past that is so for ever."""
        at_us = to_us(at)
        if at_us >= self._commits.visible.at_us:
            return self.seq
        if at_us not in self._seqs_at:
            if len(self._seqs_at) == _MOMENTS_KEPT:
                self._seqs_at.clear()
            self._seqs_at[at_us] = await self._archive.seq_at(at_us, self.seq)
        return self._seqs_at[at_us]

    def _refuse_forgotten(self, kind: Kind, class_: str | None, seq: int) -> None:
        """Raises `Forgotten` if some of that kind (and class) is not kept as of batch `seq`."""
        beyond = [
            (horizon, of_class)
            for (of_kind, of_class), horizon in self.horizons.items()
            if of_kind == kind and class_ in {None, of_class} and seq < horizon.seq
        ]
        if beyond:
            horizon, of_class = max(beyond)
            why = f"is kept from {from_us(horizon.at_us):%Y-%m-%dT%H:%M:%SZ} on"
            raise Forgotten(f"{kind} of class {of_class}" if of_class else kind, why, "ask for a later moment")


@lru_cache
def _reader_of(type_: type[R], where: str) -> tuple[Callable[[bytes], R], Callable[[R], Any]]:
    """From a document's bytes to its struct, and from that to its value in this field."""
    name = next(field.name for field in msgspec.structs.fields(type_) if field.encode_name == where)
    return msgspec.msgpack.Decoder(type_).decode, attrgetter(name)


def _has(document: Document, demanded: list[tuple[Path, Any]]) -> bool:
    return all(value_at(document, path) == value for path, value in demanded)


def _load(path: pathlib.Path) -> tuple[Database, dict[Kind, PackedRows]]:
    """Everything into memory, each document verified; then out of the garbage collector's way."""
    tables = {kind: PackedRows(INDEXES.get(kind, ())) for kind in Kind}
    database = Database(path)
    by_its_name = by_name(tables)
    chunks: dict[str, list[tuple[Sequence[str], Sequence[bytes]]]] = {}
    collects = gc.isenabled()
    gc.disable()
    try:
        for stored in database.documents():
            if stored.kind not in by_its_name:
                raise StoreDamaged(str(path), f"holds records of kind {stored.kind}", "install the newer Watchdeck")
            chunks.setdefault(stored.kind, []).append((stored.ids, stored.sealed))
        for kind, of_kind in chunks.items():
            by_its_name[kind].load(of_kind)
    except BaseException:
        database.abandon()
        raise
    finally:
        if collects:
            gc.enable()
    database.lengthen_log()
    gc.freeze()
    return database, tables
