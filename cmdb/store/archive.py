"""Reads what is only on disk: records as they were, history, audit. In a thread of its own, on its own connection.

Every read is bounded by the sequence number that was visible when it was asked, so that it never shows what is
durable but not yet visible.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cmdb.model.change import AuditRow, HistoryRow
from cmdb.model.kind import Kind
from cmdb.store.chain import Chains, audit_row, true_to_its_digest
from cmdb.store.connection import connect
from cmdb.store.errors import damaged, explained
from cmdb.store.protocol import StoreDamaged, StoreError
from cmdb.store.rows import change_in, past_row_is_intact
from cmdb.store.seal import seq_of, unpack
from cmdb.store.text import words_of
from cmdb.store.verify import verify_structure

T = TypeVar("T")
_SQL = files("cmdb.store") / "sql"
_AS_OF = (_SQL / "as_of.sql").read_text("utf-8")
_HISTORY = (_SQL / "history.sql").read_text("utf-8")
_SEARCH = (_SQL / "search.sql").read_text("utf-8")
_SEARCH_SHORT = (_SQL / "search_short.sql").read_text("utf-8")
_LIKE_SPECIAL = re.compile(r"[\\%_]")
_AUDIT = "SELECT seq, at, actor, reason, summary, previous, digest FROM audit WHERE seq > ? AND seq <= ? LIMIT ?"
_KINDS = json.dumps([kind.value for kind in Kind])


class Between(msgspec.Struct, frozen=True):
    """From one moment, not including another, up to a batch; None is open."""

    since_us: int | None
    until_us: int | None
    seq: int


class Archive:
    """Readers wait for each other, never for the writer. The first waits until SQLite has checked the whole file: an
    index that lost an entry would answer wrongly and nobody would know."""

    def __init__(self, path: Path) -> None:
        self.damage: StoreDamaged | None = None
        self._path = path
        self._connection = connect(path, read_only=True)
        self._chains = Chains(self._connection, path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-reader")
        self._thread.submit(self._check)

    async def seq_at(self, at_us: int, seq: int) -> int:
        """The last batch at that moment or before it."""
        return await self._read(lambda: self._chains.seq_at(at_us, seq))

    async def version_at(self, kind: Kind, id_: str, newest: bytes | None, seq: int) -> bytes | None:
        """The record as it was after batch `seq`, given as it is now, written later than that."""
        return await self._read(lambda: self._version_at(kind.value, id_, newest, seq))

    async def replaced_since(self, seq: int, kind: Kind) -> dict[str, bytes]:
        """The records of a kind that were there after batch `seq` and were replaced later, as they were."""
        return await self._read(lambda: self._replaced_since(seq, kind.value))

    async def history(self, kind: Kind | None, between: Between, limit: int) -> list[HistoryRow]:
        """Of all records (of a kind), newest first."""
        return await self._read(lambda: self._history(kind, self._seqs(between), limit))

    async def history_of(
        self, kind: Kind, id_: str, newest: bytes | None, between: Between, limit: int
    ) -> list[HistoryRow]:
        """Of one record, given as it is now; newest first."""
        return await self._read(lambda: self._history_of(kind, id_, newest, self._seqs(between), limit))

    async def audit(self, after_seq: int, seq: int, limit: int) -> list[AuditRow]:
        return await self._read(lambda: [audit_row(*row) for row in self._rows(_AUDIT, (after_seq, seq, limit))])

    async def search(self, asked: str, kind: Kind | None, limit: int) -> list[str]:
        """The ids of records whose text has all these words, best first. May name some that are not visible yet."""
        long, short = words_of(asked)
        if not long and not short:
            return []
        question = {
            "match": " AND ".join('"' + word.replace('"', '""') + '"' for word in long),
            "likes": json.dumps([f"%{_LIKE_SPECIAL.sub(_escaped, word)}%" for word in short]),
            "kind": None if kind is None else kind.value,
            "limit": limit,
        }
        return [row[0] for row in await self._read(lambda: self._rows(_SEARCH if long else _SEARCH_SHORT, question))]

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What this finds, of all that is durable."""
        return await self._read(lambda: work(self._connection))

    async def close(self) -> None:
        self._connection.interrupt()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    async def _read(self, read: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._whole, read)

    def _whole(self, read: Callable[[], T]) -> T:
        """In one transaction, of a file that is sound."""
        if self.damage is not None:
            raise self.damage
        with explained(self._path):
            self._connection.execute("BEGIN")
            try:
                return read()
            finally:
                self._connection.execute("COMMIT")

    def _check(self) -> None:
        try:
            verify_structure(self._connection, self._path)
        except StoreDamaged as damage:
            self.damage = damage
        except StoreError:
            pass  # interrupted: the store is being closed

    def _rows(self, statement: str, asked: Any) -> list[Any]:
        return self._connection.execute(statement, asked).fetchall()

    def _version_at(self, kind: str, id_: str, newest: bytes | None, seq: int) -> bytes | None:
        for version in self._chains.versions(kind, id_, newest):
            if version.seq <= seq:
                return version.sealed if seq < version.until_seq else None
        return None

    def _replaced_since(self, seq: int, kind: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for row in self._rows(_AS_OF, {"seq": seq, "kind": kind, "kinds": _KINDS}):
            _, of_kind, _, id_, sealed, _ = row
            if of_kind != kind or not past_row_is_intact(*row):
                raise damaged(self._path, f"{of_kind} {id_} as it was after batch {seq} is not what was written")
            if seq_of(sealed) <= seq:
                found[id_] = sealed
        return found

    def _seqs(self, between: Between) -> tuple[int, int]:
        """The first and the last batch that lie between these moments, as far as they are visible."""
        first = 1 if between.since_us is None else self._chains.seq_at(between.since_us - 1, between.seq) + 1
        last = between.seq if between.until_us is None else self._chains.seq_at(between.until_us - 1, between.seq)
        return first, last

    def _history(self, kind: Kind | None, seqs: tuple[int, int], limit: int) -> list[HistoryRow]:
        first, last = seqs
        asked = {"first": first, "last": last, "kind": kind and kind.value, "kinds": _KINDS, "limit": limit}
        return [self._history_row(*row) for row in self._rows(_HISTORY, asked)]

    def _history_of(
        self, kind: Kind, id_: str, newest: bytes | None, seqs: tuple[int, int], limit: int
    ) -> list[HistoryRow]:
        """By way of the batches that wrote it."""
        first, last = seqs
        found: list[HistoryRow] = []
        for seq in self._batches_of(kind.value, id_, newest):
            if seq < first or 0 <= limit <= len(found):
                break
            if seq <= last:
                found += [row for row in self._history(kind, (seq, seq), -1) if row.id == id_]
        return found if limit < 0 else found[:limit]

    def _batches_of(self, kind: str, id_: str, newest: bytes | None) -> Iterator[int]:
        """Every batch that wrote or removed it, newest first."""
        latest = 0 if newest is None else seq_of(newest)
        if latest:
            yield latest
        for version in self._chains.versions(kind, id_, newest):
            if version.until_seq != latest:
                yield version.until_seq
            yield (latest := version.seq)

    def _history_row(
        self, seq: int, n: int, kind: str, class_: str, id_: str, attribute: str, sealed: bytes, *audit_columns: Any
    ) -> HistoryRow:
        audit = audit_row(seq, *audit_columns)
        change = change_in((seq, n, kind, class_, id_, attribute, sealed))
        if change is None or not true_to_its_digest(audit):
            raise damaged(self._path, f"history row {n} of batch {seq} ({kind} {id_}) is not what was written")
        before, after = unpack(change)
        return HistoryRow(
            seq=seq,
            at=audit.at,
            kind=Kind(kind),
            id=id_,
            attribute=attribute,
            before=before,
            after=after,
            actor=audit.actor,
            reason=audit.reason,
        )


def _escaped(special: re.Match[str]) -> str:
    return "\\" + special[0]
