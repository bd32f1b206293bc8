"""The way of a batch from `commit` to durable, visible and acknowledged, many at a time. Not what is visible: `show` is
told. Kept in one event loop, in front of the writer's thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from cmdb.store.connection import transaction
from cmdb.store.database import Database
from cmdb.store.errors import explained
from cmdb.store.pending import Pending
from cmdb.store.prepare import Conflict, Prepared, RecordKey, prepare
from cmdb.store.protocol import Batch, Committed, StaleVersion, StoreError
from cmdb.store.writer import Job, Task, Writer

T = TypeVar("T")
_PROBE_AFTER_S = 1.0


class Commits:
    """`visible` is where the log ended when `show` was last told, `trouble` why the last write failed."""

    def __init__(
        self, database: Database, there: Callable[[RecordKey], bytes | None], show: Callable[[Prepared], None]
    ) -> None:
        self.visible = self._tail = database.head
        self.trouble: Exception | None = None
        self._there, self._show = there, show
        self._path = database.path
        self._loop = asyncio.get_running_loop()
        self._pending = Pending()
        self._generation = 0
        self._under_way = 0
        self._progress: asyncio.Future[None] | None = None
        self._closed = False
        self._writer = Writer(database, self._report_landed, self._report_failed)

    async def commit(self, batch: Batch) -> Committed:
        """Raises `StaleVersion`, `StoreFull`, and what a body raises that cannot be kept."""
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

    async def on_writer(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do this in a transaction of the writer's, between two groups of batches."""
        self._refuse_when_closed()
        done: asyncio.Future[T] = self._loop.create_future()

        def run(database: Database) -> None:
            try:
                with explained(database.path), transaction(database.connection):
                    result = work(database.connection)
            except Exception as error:
                self._loop.call_soon_threadsafe(_fail, done, error)
            else:
                self._loop.call_soon_threadsafe(_succeed, done, result)

        self._writer.submit(Task(run))
        return await done

    async def finish(self) -> None:
        """Take nothing more; until what was taken has landed or failed."""
        self._closed = True
        await asyncio.to_thread(self._writer.finish)
        while self._under_way:
            await self._next_progress()

    def _latest(self, key: RecordKey) -> bytes | None:
        return self._pending[key] if key in self._pending else self._there(key)

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
        self.trouble = None
        for job in jobs:
            prepared = job.prepared
            self._pending.landed(prepared.head.seq, prepared.after)
            self.visible = prepared.head
            self._show(prepared)
            _succeed(job.waiter, Committed(prepared.head.seq, prepared.deltas))
        self._count_off(jobs)

    def _fail(self, jobs: list[Job], error: Exception) -> None:
        """What failed, and what built on it, never was: the next batch builds on what is visible."""
        if jobs[0].generation == self._generation:
            self._generation += 1
            self._tail = self.visible
            self._pending.clear()
        if self.trouble is None:
            self._note_trouble(error)
        for job in jobs:
            _fail(job.waiter, error)
        self._count_off(jobs)

    def _count_off(self, jobs: list[Job]) -> None:
        self._under_way -= len(jobs)
        if self._progress is not None:
            self._progress.set_result(None)
            self._progress = None

    async def _next_progress(self) -> None:
        """Until a batch that is under way has landed or failed."""
        if self._progress is None:
            self._progress = self._loop.create_future()
        await asyncio.wait({self._progress})

    def _note_trouble(self, error: Exception | None) -> None:
        self.trouble = error
        if error is not None:
            self._loop.call_later(_PROBE_AFTER_S, self._probe)

    def _probe(self) -> None:
        """Nobody may be writing when there is room again: find out without waiting for the next batch."""
        if self.trouble is not None and not self._closed:
            self._writer.submit(Task(self._report_probe))

    def _report_probe(self, database: Database) -> None:
        try:
            database.probe()
        except StoreError as error:
            self._loop.call_soon_threadsafe(self._note_trouble, error)
        else:
            self._loop.call_soon_threadsafe(self._note_trouble, None)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StoreError(str(self._path), "has been closed")


def _succeed(waiter: asyncio.Future[T], result: T) -> None:
    if not waiter.done():  # who waited may have been cancelled
        waiter.set_result(result)


def _fail(waiter: asyncio.Future[T], error: Exception) -> None:
    if not waiter.done():
        waiter.set_exception(error)
