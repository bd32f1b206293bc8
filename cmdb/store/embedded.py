"""The embedded store: one SQLite file, its documents packed in memory. Durable, then visible, then acknowledged.

Not what a batch means (`cmdb.hub.ledger`); not many hubs: the state directory is this process's alone.
"""

from __future__ import annotations

import asyncio
import gc
import pathlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from cmdb.model.change import AuditRow, HistoryRow
from cmdb.model.kind import Kind
from cmdb.store.archive import Archive, Between
from cmdb.store.checkpoint import Checkpointer
from cmdb.store.connection import transaction
from cmdb.store.database import Database
from cmdb.store.errors import explained
from cmdb.store.feed import Feed
from cmdb.store.index import Path, path_of, value_at
from cmdb.store.lock import StateLock
from cmdb.store.moment import from_us, to_us
from cmdb.store.narrow import equalities
from cmdb.store.packed import PackedRows
from cmdb.store.pending import Pending
from cmdb.store.prepare import Conflict, Prepared, RecordKey, by_name, prepare
from cmdb.store.protocol import (
    INDEXES,
    Batch,
    Committed,
    Document,
    Forgotten,
    Predicate,
    StaleVersion,
    StoreError,
    Subscription,
)
from cmdb.store.retention import horizons
from cmdb.store.seal import seq_of, unsealed
from cmdb.store.table import RecordTable
from cmdb.store.text import says, text_of
from cmdb.store.text_index import TextIndex, indexed_seq
from cmdb.store.writer import Job, Task, Writer

T = TypeVar("T")
_PROBE_AFTER_S = 1.0
_MOMENTS_KEPT = 1000
_READ_AT_ONCE = 2000  # documents decoded before the event loop gets its turn: about 5 ms


class EmbeddedStore:
    """Made by `open`, in the event loop that it then belongs to."""

    def __init__(self, lock: StateLock, database: Database, tables: Mapping[Kind, PackedRows]) -> None:
        self._lock = lock
        self._database = database
        self._tables = tables
        self._by_name = by_name(tables)
        self._loop = asyncio.get_running_loop()
        self._visible = self._tail = database.head
        self._pending = Pending()
        self._generation = 0
        self._under_way = 0
        self._progress: asyncio.Future[None] | None = None
        self._trouble: Exception | None = None
        self._closed = False
        self._feed = Feed(self._visible.seq)
        self.horizons = horizons(database.connection)
        self._seqs_at: dict[int, int] = {}
        self._archive = Archive(database.path)
        self._checkpointer = Checkpointer(database.path, lambda: database.written_bytes)
        self._writer = Writer(database, self._report_landed, self._report_failed)
        self._texts = TextIndex(tables, self.on_writer)
        self._texts.catch_up(indexed_seq(database.connection))

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
        return self._visible.seq

    @property
    def trouble(self) -> str | None:
        cause = self._archive.damage or self._trouble
        return None if cause is None else str(cause)

    async def commit(self, batch: Batch) -> Committed:
        while True:
            self._refuse_when_closed()
            try:
                prepared = prepare(batch, self._tail, self._latest)
                break
            except Conflict as conflict:
                write = conflict.write
                if not self._under_way:
                    raise StaleVersion(
                        write.kind, write.id, write.expected or 0, conflict.actual, conflict.current
                    ) from None
                # It lost against a batch that is not durable yet, and may still fail: nobody may know of that.
                await self._next_progress()
        return await self._submit(prepared)

    async def get(self, kind: Kind, id_: str, *, at: datetime | None = None) -> Document | None:
        seq = self.seq if at is None else await self._seq_at(at)
        sealed = self._tables[kind].rows.get(id_)
        if seq < self.seq and (sealed is None or seq_of(sealed) > seq):
            sealed = await self._archive.version_at(kind, id_, sealed, seq)
            if sealed is None:
                self._refuse_forgotten(kind, None, seq)
        return None if sealed is None else unsealed(sealed)

    async def find(
        self,
        kind: Kind,
        equals: Mapping[str, Any] | None = None,
        matching: Predicate | None = None,
        *,
        at: datetime | None = None,
    ) -> list[Document]:
        demanded = [(path_of(name), value) for name, value in (equals or {}).items()]
        found: list[Document] = []
        candidates = await self._candidates(kind, demanded + equalities(matching), at)
        for n, document in enumerate(map(unsealed, candidates), start=1):
            if _has(document, demanded) and (matching is None or matching(document)):
                found.append(document)
            if n % _READ_AT_ONCE == 0:
                await asyncio.sleep(0)
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

    async def close(self) -> None:
        if self._closed:
            return
        await self._texts.stop()
        self._closed = True
        await asyncio.to_thread(self._writer.finish)
        while self._under_way:
            await self._next_progress()
        self._feed.end()
        await asyncio.to_thread(self._checkpointer.finish)
        await self._archive.close()
        await asyncio.to_thread(self._database.close)
        self._lock.release()

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
        if at_us >= self._visible.at_us:
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

    def _latest(self, key: RecordKey) -> bytes | None:
        if key in self._pending:
            return self._pending[key]
        return self._by_name[key[0]].rows.get(key[1])

    async def _submit(self, prepared: Prepared) -> Committed:
        waiter: asyncio.Future[Committed] = self._loop.create_future()
        self._tail = prepared.head
        self._under_way += 1
        self._pending.put(prepared.head.seq, prepared.after)
        self._writer.submit(Job(prepared, self._generation, waiter))
        return await waiter

    def _report_landed(self, jobs: list[Job]) -> None:
        self._loop.call_soon_threadsafe(self._land, jobs)

    def _report_failed(self, jobs: list[Job], error: Exception) -> None:
        self._loop.call_soon_threadsafe(self._fail, jobs, error)

    def _land(self, jobs: list[Job]) -> None:
        for job in jobs:
            prepared = job.prepared
            self._show(prepared)
            if not job.waiter.done():
                job.waiter.set_result(Committed(prepared.head.seq, prepared.deltas))
        self._settle(jobs)

    def _show(self, prepared: Prepared) -> None:
        for (kind, id_), sealed in prepared.after.items():
            self._by_name[kind].set(id_, sealed)
        self._pending.landed(prepared.head.seq, prepared.after)
        self._visible = prepared.head
        self._trouble = None
        self._feed.publish(prepared.deltas)
        self._texts.changed(prepared.reworded, prepared.head.seq)

    def _fail(self, jobs: list[Job], error: Exception) -> None:
        """What failed, and what built on it, never was: the next batch builds on what is visible."""
        if jobs[0].generation == self._generation:
            self._generation += 1
            self._tail = self._visible
            self._pending.clear()
        if self._trouble is None:
            self._note_trouble(error)
        for job in jobs:
            if not job.waiter.done():
                job.waiter.set_exception(error)
        self._settle(jobs)

    def _settle(self, jobs: list[Job]) -> None:
        self._under_way -= len(jobs)
        if self._progress is not None:
            self._progress.set_result(None)
            self._progress = None

    async def _next_progress(self) -> None:
        """Until a batch that is under way has landed or failed."""
        if self._progress is None:
            self._progress = self._loop.create_future()
        await asyncio.wait({self._progress})

    async def on_writer(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do this in a transaction of the writer's, between two groups of batches."""
        done: asyncio.Future[T] = self._loop.create_future()

        def run(database: Database) -> None:
            try:
                with explained(database.path), transaction(database.connection):
                    result = work(database.connection)
            except Exception as error:
                self._loop.call_soon_threadsafe(_settle, done, None, error)
            else:
                self._loop.call_soon_threadsafe(_settle, done, result, None)

        self._refuse_when_closed()
        self._writer.submit(Task(run))
        return await done

    def _probe(self) -> None:
        """Nobody may be writing when there is room again: find out without waiting for the next batch."""
        if self._trouble is not None and not self._closed:
            self._writer.submit(Task(self._report_probe))

    def _report_probe(self, database: Database) -> None:
        try:
            database.probe()
        except StoreError as error:
            self._loop.call_soon_threadsafe(self._note_trouble, error)
        else:
            self._loop.call_soon_threadsafe(self._note_trouble, None)

    def _note_trouble(self, error: Exception | None) -> None:
        self._trouble = error
        if error is not None:
            self._loop.call_later(_PROBE_AFTER_S, self._probe)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StoreError(str(self._database.path), "has been closed")


def _has(document: Document, demanded: list[tuple[Path, Any]]) -> bool:
    return all(value_at(document, path) == value for path, value in demanded)


def _settle(waiter: asyncio.Future[T], result: T | None, error: Exception | None) -> None:
    if waiter.done():
        return
    if error is not None:
        waiter.set_exception(error)
    else:
        waiter.set_result(result)  # type: ignore[arg-type]  # without an error there is a result


def _load(path: pathlib.Path) -> tuple[Database, dict[Kind, PackedRows]]:
    """Everything into memory, each document verified; then out of the garbage collector's way."""
    tables = {kind: PackedRows(INDEXES.get(kind, ())) for kind in Kind}
    database = Database(path)
    collects = gc.isenabled()
    gc.disable()
    try:
        for stored in database.documents():
            tables[Kind(stored.kind)].set(stored.id, stored.sealed)
    except BaseException:
        database.abandon()
        raise
    finally:
        if collects:
            gc.enable()
    database.lengthen_log()
    gc.freeze()
    return database, tables
