"""Keeps the full-text index after the record: a few records at a time, between commits, so that none waits for it.

What is not indexed yet is known, and is looked through by whoever searches: no search misses it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import islice

from cmdb.model.kind import Kind
from cmdb.store.packed import PackedRows
from cmdb.store.prepare import RecordKey
from cmdb.store.protocol import StoreError
from cmdb.store.rows import Row, execute_rows
from cmdb.store.seal import seq_of, unsealed
from cmdb.store.text import SEARCHED, text_of

AT_ONCE = 16  # records a step: about a millisecond that a commit may have to wait
_PAUSE_S = 0.01
_AFTER_TROUBLE_S = 5.0
_WRITE = (
    "WITH given (kind, id, words) AS (VALUES {values}) "
    "INSERT OR REPLACE INTO fulltext (rowid, words) "
    "SELECT document.rowid, given.words FROM given JOIN document USING (kind, id) "
    "LEFT JOIN fulltext AS old ON old.rowid = document.rowid WHERE old.words IS NOT given.words"
)

OnWriter = Callable[[Callable[[sqlite3.Connection], None]], Awaitable[None]]


def indexed_seq(connection: sqlite3.Connection) -> int:
    """Up to which batch the index has every word."""
    return int(connection.execute("SELECT indexed_seq FROM head").fetchone()[0])


class TextIndex:
    """`unindexed` are the records whose words may have changed since they were indexed."""

    def __init__(self, tables: Mapping[Kind, PackedRows], on_writer: OnWriter) -> None:
        self._tables = tables
        self._on_writer = on_writer
        self._unindexed: dict[RecordKey, int] = {}  # the batch that changed it, oldest first
        self._task: asyncio.Task[None] | None = None

    def catch_up(self, indexed_seq: int) -> None:
        """After opening: what was written since the last step."""
        late = [
            (seq_of(sealed), (kind, id_))
            for kind in SEARCHED
            for id_, sealed in self._tables[kind].rows.items()
            if seq_of(sealed) > indexed_seq
        ]
        for seq, key in sorted(late):
            self.changed([key], seq)

    def changed(self, keys: Iterable[RecordKey], seq: int) -> None:
        """These may be found by other words from batch `seq` on."""
        for key in keys:
            self._unindexed.pop(key, None)
            self._unindexed[key] = seq
        if self._unindexed and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._follow())

    def unindexed(self, kind: Kind) -> list[str]:
        return [id_ for of_kind, id_ in self._unindexed if of_kind == kind]

    async def stop(self) -> None:
        """What is left over is found at the next opening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        while self._unindexed:
            try:
                await self._step()
                await asyncio.sleep(_PAUSE_S)
            except StoreError:  # no room: the store says so itself
                await asyncio.sleep(_AFTER_TROUBLE_S)
        self._task = None

    async def _step(self) -> None:
        chosen = dict(islice(self._unindexed.items(), AT_ONCE))
        rest = next(islice(self._unindexed.values(), AT_ONCE, None), None)
        indexed_seq = max(chosen.values()) if rest is None else rest - 1
        texts = [row for key in chosen if (row := self._row(key)) is not None]

        def write(connection: sqlite3.Connection) -> None:
            execute_rows(connection, _WRITE, texts)
            connection.execute("UPDATE head SET indexed_seq = max(indexed_seq, ?)", (indexed_seq,))

        await self._on_writer(write)
        for key, seq in chosen.items():
            if self._unindexed.get(key) == seq:
                del self._unindexed[key]

    def _row(self, key: RecordKey) -> Row | None:
        kind, id_ = Kind(key[0]), key[1]
        sealed = self._tables[kind].rows.get(id_)
        return None if sealed is None else (kind.value, id_, text_of(kind, unsealed(sealed)))
