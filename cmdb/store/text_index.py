"""Keeps the full-text index after the record: a few records at a time, between commits, so that none waits for it.

What is not indexed yet is known, and is looked through by whoever searches: no search misses it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import islice
from operator import itemgetter

from cmdb.model.kind import Kind
from cmdb.store.packed import PackedRows
from cmdb.store.prepare import RecordKey, by_name
from cmdb.store.protocol import StoreError
from cmdb.store.rows import Row, execute_rows
from cmdb.store.seal import number_of, seq_of, unsealed
from cmdb.store.text import SEARCHED, text_of

AT_ONCE = 64  # records a step: about two milliseconds that a commit may have to wait
AT_MOST_AT_ONCE = 512  # when very many wait
_PAUSE_S = 0.25  # while batches are written: one that follows another is not to wait for their words
_READ_AT_ONCE = 20
_AFTER_TROUBLE_S = 5.0
_WRITE = (
    "WITH given (number, words) AS (VALUES {values}) "
    "INSERT OR REPLACE INTO fulltext (rowid, words) SELECT given.number, given.words "
    "FROM given LEFT JOIN fulltext AS old ON old.rowid = given.number WHERE old.words IS NOT given.words"
)

OnWriter = Callable[[Callable[[sqlite3.Connection], None]], Awaitable[None]]


def indexed_seq(connection: sqlite3.Connection) -> int:
    """Up to which batch the index has every word."""
    return int(connection.execute("SELECT indexed_seq FROM head").fetchone()[0])


def _note_indexed(connection: sqlite3.Connection, seq: int) -> None:
    connection.execute("UPDATE head SET indexed_seq = max(indexed_seq, ?)", (seq,))


class TextIndex:
    """`unindexed` are the records whose words may have changed since they were indexed."""

    def __init__(self, tables: Mapping[Kind, PackedRows], on_writer: OnWriter) -> None:
        self._tables = tables
        self._on_writer = on_writer
        # By kind, id → the batch that changed it, oldest first: text and numbers, nothing for the garbage collector.
        self._unindexed: dict[Kind, dict[str, int]] = {kind: {} for kind in SEARCHED}
        self._of = by_name(self._unindexed)
        self._task: asyncio.Task[None] | None = None
        self._seq = 0

    def catch_up(self, indexed_seq: int) -> None:
        """After opening: what was written since the last step."""
        for kind, late in self._unindexed.items():
            rows = self._tables[kind].rows.items()
            changed = [(id_, seq_of(sealed)) for id_, sealed in rows if seq_of(sealed) > indexed_seq]
            late.update(sorted(changed, key=itemgetter(1)))
        self._begin()

    def changed(self, keys: Iterable[RecordKey], seq: int) -> None:
        """These may be found by other words from batch `seq` on."""
        self._seq = seq
        for kind, id_ in keys:
            late = self._of[kind]
            late.pop(id_, None)
            late[id_] = seq
        self._begin()

    def unindexed(self, kind: Kind) -> list[str]:
        return list(self._unindexed.get(kind, ()))

    @property
    def is_caught_up(self) -> bool:
        return not any(self._unindexed.values())

    def _begin(self) -> None:
        if self._task is None and not self.is_caught_up:
            self._task = asyncio.get_running_loop().create_task(self._follow())

    async def stop(self) -> None:
        """What is left over is found at the next opening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self.is_caught_up and self._seq:
            with contextlib.suppress(StoreError):
                await self._on_writer(lambda connection: _note_indexed(connection, self._seq))

    async def _follow(self) -> None:
        seq = -1
        while (kind := self._next_kind()) is not None:
            if seq != self._seq:
                seq = self._seq
                await asyncio.sleep(_PAUSE_S)
            try:
                await self._step(kind)
            except StoreError:  # no room: the store says so itself
                await asyncio.sleep(_AFTER_TROUBLE_S)
        self._task = None

    def _next_kind(self) -> Kind | None:
        """The one with the oldest change."""
        waiting = [(next(iter(late.values())), kind) for kind, late in self._unindexed.items() if late]
        return min(waiting)[1] if waiting else None

    async def _step(self, kind: Kind) -> None:
        late = self._unindexed[kind]
        chosen = dict(islice(late.items(), min(max(AT_ONCE, len(late) // 100), AT_MOST_AT_ONCE)))
        indexed = self._indexed_without(kind, chosen)
        rows: list[Row] = []
        for number, id_ in enumerate(chosen, 1):
            if (row := self._row(kind, id_)) is not None:
                rows.append(row)
            if number % _READ_AT_ONCE == 0:
                await asyncio.sleep(0)  # an incident of a storm takes a while to read

        def write(connection: sqlite3.Connection) -> None:
            execute_rows(connection, _WRITE, rows)
            _note_indexed(connection, indexed)

        await self._on_writer(write)
        for id_, seq in chosen.items():
            if late.get(id_) == seq:
                del late[id_]

    def _indexed_without(self, kind: Kind, chosen: Mapping[str, int]) -> int:
        """Up to which batch everything is indexed, once these are."""
        oldest = [
            next(islice(late.values(), len(chosen) if of is kind else 0, None), None)
            for of, late in self._unindexed.items()
        ]
        left = [seq for seq in oldest if seq is not None]
        return min(left) - 1 if left else max(chosen.values())

    def _row(self, kind: Kind, id_: str) -> Row | None:
        sealed = self._tables[kind].rows.get(id_)
        return None if sealed is None else (number_of(sealed), text_of(kind, unsealed(sealed)))
