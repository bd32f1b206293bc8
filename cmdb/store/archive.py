"""Reads what is only on disk: records as they were, history, audit. In a thread of its own, on its own connection.

Every read is bounded by the sequence number that was visible when it was asked, so that it never shows what is
durable but not yet visible.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from cmdb.audit import next_row
from cmdb.model.change import AuditRow, HistoryRow
from cmdb.model.kind import Kind
from cmdb.store.connection import connect
from cmdb.store.errors import damaged, explained
from cmdb.store.moment import from_us
from cmdb.store.protocol import StoreDamaged, StoreError
from cmdb.store.rows import history_name
from cmdb.store.seal import intact, seq_of, unsealed
from cmdb.store.text import words_of
from cmdb.store.verify import verify_structure

T = TypeVar("T")
_SQL = files("cmdb.store") / "sql"
_AS_OF = (_SQL / "as_of.sql").read_text("utf-8")
_AS_OF_ONE = (_SQL / "as_of_one.sql").read_text("utf-8")
_HISTORY = (_SQL / "history.sql").read_text("utf-8")
_SEARCH = (_SQL / "search.sql").read_text("utf-8")
_SEARCH_SHORT = (_SQL / "search_short.sql").read_text("utf-8")
_LIKE_SPECIAL = re.compile(r"[\\%_]")
_AUDIT = "SELECT seq, at, actor, reason, summary, previous, digest FROM audit WHERE seq > ? AND seq <= ? LIMIT ?"
_SEQ_AT = "SELECT coalesce(max(seq), 0) FROM audit WHERE at <= ? AND seq <= ?"


class Archive:
    """Readers wait for each other, never for the writer. The first waits until SQLite has checked the whole file: an
    index that lost an entry would answer wrongly and nobody would know."""

    def __init__(self, path: Path) -> None:
        self.damage: StoreDamaged | None = None
        self._path = path
        self._connection = connect(path, read_only=True)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-reader")
        self._thread.submit(self._check)

    async def seq_at(self, at_us: int, seq: int) -> int:
        """The last batch at that moment or before it."""
        ((found,),) = await self._read(lambda: self._rows(_SEQ_AT, (at_us, seq)))
        return int(found)

    async def replaced_since(self, seq: int, kind: Kind, id_: str | None = None) -> dict[str, bytes]:
        """The records of a kind (or one) that were there after batch `seq` and were replaced later, as they were."""
        asked = {"kind": kind.value, "id": id_, "seq": seq}
        return await self._read(lambda: self._replaced(_AS_OF if id_ is None else _AS_OF_ONE, asked, seq))

    async def history(self, **asked: Any) -> list[HistoryRow]:
        """`kind`, `id`, `since`, `until` (microseconds), `seq`, `limit`; newest first."""
        return await self._read(lambda: [self._history_row(*row) for row in self._rows(_HISTORY, asked)])

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

    async def close(self) -> None:
        self._connection.interrupt()
        await self._read(self._connection.close)
        self._thread.shutdown()

    async def _read(self, read: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, read)

    def _check(self) -> None:
        try:
            verify_structure(self._connection, self._path)
        except StoreDamaged as damage:
            self.damage = damage
        except StoreError:
            pass  # interrupted: the store is being closed

    def _rows(self, statement: str, asked: Any) -> list[Any]:
        if self.damage is not None:
            raise self.damage
        with explained(self._path):
            return self._connection.execute(statement, asked).fetchall()

    def _replaced(self, statement: str, asked: dict[str, Any], seq: int) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for _, id_, sealed in self._rows(statement, asked):
            if not intact(sealed, f"{asked['kind']}\0{id_}"):
                raise damaged(self._path, f"{asked['kind']} {id_} as it was after batch {seq} is not what was written")
            if seq_of(sealed) <= seq:
                found[id_] = sealed
        return found

    def _history_row(
        self, seq: int, n: int, kind: str, id_: str, attribute: str, sealed: bytes, at_us: int, *texts: str
    ) -> HistoryRow:
        audit = audit_row(seq, at_us, *texts)
        true = next_row(audit.previous, seq, audit.at, audit.actor, audit.reason, audit.summary) == audit
        if not true or seq_of(sealed) != seq or not intact(sealed, history_name(n, kind, id_, attribute)):
            raise damaged(self._path, f"history row {n} of batch {seq} ({kind} {id_}) is not what was written")
        before, after = unsealed(sealed)
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


def audit_row(seq: int, at_us: int, actor: str, reason: str, summary: str, previous: str, digest: str) -> AuditRow:
    """A row of the table `audit`."""
    return AuditRow(
        seq=seq, at=from_us(at_us), actor=actor, reason=reason, summary=summary, previous=previous, digest=digest
    )
