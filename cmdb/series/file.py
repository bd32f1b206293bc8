"""The file of transitions and rollups: one thread writes, another reads. Durable when `take` returns.

What waits while one transaction is being synced goes together into the next.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from checks.rollup import Rollup
from cmdb.series.keep import Keep, steps
from cmdb.series.measured import Measured, Series
from cmdb.series.rows import add_measured, add_transitions, is_new, latest, series_of, transitions_of, trends_of
from cmdb.series.transition import Transition
from cmdb.store.connection import connect, transaction
from cmdb.store.errors import explained
from cmdb.store.protocol import StoreDamaged, StoreError

T = TypeVar("T")
SCHEMA = 1
_SCHEMA_SQL = (files("cmdb.series") / "schema.sql").read_text("utf-8")
_log = logging.getLogger(__name__)
_Work = Callable[[sqlite3.Connection], None]


class SeriesFile:
    """Made by `open`, in the event loop that it then belongs to."""

    def __init__(self, path: Path, writing: sqlite3.Connection) -> None:
        self._path = path
        self._writing, self._reading = writing, connect(path, read_only=True)
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="series-writer")
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="series-reader")
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[_Work, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    async def open(cls, path: Path) -> SeriesFile:
        """Open or make the file; a damaged one is put aside. Raises `StoreError`."""
        return cls(path, await asyncio.to_thread(_opened, path))

    async def take(
        self, agent: str, serial: int, transitions: Sequence[Transition], measured: Sequence[Measured]
    ) -> None:
        """What one message of an agent said; the same message told again adds nothing. Raises `StoreError`."""

        def work(connection: sqlite3.Connection) -> None:
            add_transitions(connection, transitions)
            if measured and is_new(connection, agent, serial):
                add_measured(connection, measured)

        await self._write(work)

    async def note(self, transitions: Sequence[Transition]) -> None:
        """What the hub itself found. Raises `StoreError`."""
        await self._write(lambda connection: add_transitions(connection, transitions))

    async def latest(self) -> dict[str, Transition]:
        """The last transition of each check."""
        return await self._read(latest)

    async def transitions(self, check: str, since: datetime, until: datetime, limit: int) -> list[Transition]:
        """Newest first; `since` is included, `until` is not."""
        return await self._read(lambda connection: transitions_of(connection, check, since, until, limit))

    async def series(self, check: str, span: str, since: datetime, until: datetime) -> Sequence[Series]:
        """The metrics of a check in stretches of this span that begin in between."""
        return await self._read(lambda connection: series_of(connection, check, span, since, until))

    async def trends(self, metrics: Mapping[str, str], since: datetime, until: datetime) -> dict[str, list[Rollup]]:
        """One metric of each of these checks by the minute; checks without a value are left out."""
        return await self._read(lambda connection: trends_of(connection, metrics, since, until))

    async def forget(self, keep: Keep, now: datetime) -> None:
        """Let go of what is older than that, a little at a time. Raises `StoreError`."""
        for statement, values in await self._read(lambda connection: list(steps(connection, keep, now))):
            await self._write(functools.partial(_execute, statement=statement, values=values))

    async def close(self) -> None:
        """What was taken is written first."""
        if self._closed:
            return
        self._closed = True
        if self._flushing is not None:
            await self._flushing
        await self._loop.run_in_executor(self._reader, self._reading.close)
        await self._loop.run_in_executor(self._writer, self._writing.close)
        self._reader.shutdown()
        self._writer.shutdown()

    async def _write(self, work: _Work) -> None:
        if self._closed:
            raise StoreError(str(self._path), "has been closed")
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((work, waiter))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush(), name="series: flush")
        await waiter

    async def _flush(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            error: Exception | None = None
            try:
                await self._loop.run_in_executor(self._writer, self._commit, [work for work, _ in group])
            except Exception as failed:
                error = failed
            for _, waiter in group:
                _settle(waiter, error)
        self._flushing = None

    def _commit(self, group: Iterable[_Work]) -> None:
        with explained(self._path), transaction(self._writing):
            for work in group:
                work(self._writing)

    async def _read(self, read: Callable[[sqlite3.Connection], T]) -> T:
        def whole() -> T:
            with explained(self._path):
                return read(self._reading)

        return await self._loop.run_in_executor(self._reader, whole)


def _settle(waiter: asyncio.Future[None], error: Exception | None) -> None:
    if waiter.done():  # who waited may have been cancelled
        return
    if error is None:
        waiter.set_result(None)
    else:
        waiter.set_exception(error)


def _execute(connection: sqlite3.Connection, statement: str, values: tuple[int, ...]) -> None:
    connection.execute(statement, values)


def _opened(path: Path) -> sqlite3.Connection:
    try:
        return _prepared(path)
    except StoreDamaged as damage:
        aside = path.with_name(f"{path.name}.damaged")
        _log.warning("%s: it is kept as %s, what checks measured begins anew", damage, aside.name)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.rename(aside)
        return _prepared(path)


def _prepared(path: Path) -> sqlite3.Connection:
    with explained(path):
        connection = connect(path)
        try:
            connection.execute("PRAGMA wal_autocheckpoint = 1000")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA:
                why = f"has schema {version}, this Watchdeck knows up to {SCHEMA}"
                raise StoreError(str(path), why, "install the newer Watchdeck")
            if version == 0:
                connection.executescript(f"BEGIN;{_SCHEMA_SQL};PRAGMA user_version = {SCHEMA};COMMIT;")
            connection.execute("SELECT count(*) FROM told").fetchone()
        except BaseException:
            connection.close()
            raise
    return connection
