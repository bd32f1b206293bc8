"""The thread that makes batches durable, several in one transaction where several wait. Not what they mean.

A lone batch is written at once. While one transaction is being synced the next batches gather, and go together: under
load one sync serves many. (Waiting a few milliseconds for more was measured, and cost more than it saved.)
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable

import msgspec

from cmdb.store.database import Database
from cmdb.store.prepare import Prepared
from cmdb.store.protocol import Committed

MAX_BATCHES = 512


class Job(msgspec.Struct, frozen=True, eq=False):
    """A batch to write and who waits for it. `generation` tells the batches that built on one that failed."""

    prepared: Prepared
    generation: int
    waiter: asyncio.Future[Committed]


class Task(msgspec.Struct, frozen=True, eq=False):
    """Something else to do on the writing connection, between two groups. It deals with its own errors."""

    run: Callable[[Database], None]


class _End:
    """What comes after the last job."""


Landed = Callable[[list[Job]], None]
Failed = Callable[[list[Job], Exception], None]


class Writer:
    """Calls `landed` or `failed`, in its own thread, once for each group of jobs, in the order submitted."""

    def __init__(self, database: Database, landed: Landed, failed: Failed) -> None:
        self._database = database
        self._landed, self._failed = landed, failed
        self._jobs: queue.SimpleQueue[Job | Task | _End] = queue.SimpleQueue()
        self._failed_generation = -1
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Job | Task) -> None:
        self._jobs.put(work)

    def finish(self) -> None:
        """Write what was submitted, then end; blocks until then."""
        self._jobs.put(_End())
        self._thread.join()

    def _run(self) -> None:
        while True:
            jobs, then = self._next_group()
            if jobs:
                self._write(jobs)
            if isinstance(then, Task):
                then.run(self._database)
            elif then is not None:
                return

    def _next_group(self) -> tuple[list[Job], Task | _End | None]:
        """The jobs that wait, and what comes behind them if that is not a job."""
        jobs: list[Job] = []
        while True:
            work = self._jobs.get()
            if not isinstance(work, Job):
                return jobs, work
            jobs.append(work)
            if len(jobs) == MAX_BATCHES or self._jobs.empty():
                return jobs, None

    def _write(self, jobs: list[Job]) -> None:
        sound = [job for job in jobs if job.generation > self._failed_generation]
        unsound = [job for job in jobs if job.generation <= self._failed_generation]
        if unsound and self._error is not None:
            self._failed(unsound, self._error)
        if not sound:
            return
        try:
            self._database.write([job.prepared.rows for job in sound], sound[-1].prepared.head)
        except Exception as error:
            self._error = error
            self._failed_generation = sound[-1].generation
            self._failed(sound, error)
        else:
            self._landed(sound)
