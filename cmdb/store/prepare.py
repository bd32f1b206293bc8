"""A batch as rows, given the state that it builds on. Pure: nothing is written or visible yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from cmdb.audit import next_row
from cmdb.model.change import Delta
from cmdb.model.kind import Kind
from cmdb.store.database import Head
from cmdb.store.moment import from_us, to_us
from cmdb.store.protocol import Batch, Document, Write
from cmdb.store.rows import BatchRows, Row
from cmdb.store.seal import SEAL_BYTES, pack, seal, seal_of, unsealed

RecordKey = tuple[Kind, str]
Versions = Mapping[RecordKey, bytes | None]  # sealed bytes; None: it is not there


class _Versioned(msgspec.Struct, gc=False):
    version: int


_versioned = msgspec.msgpack.Decoder(_Versioned).decode


class Prepared(msgspec.Struct, frozen=True):
    """`after` is what becomes visible, `head` where the log then ends."""

    rows: BatchRows
    head: Head
    after: Versions
    deltas: tuple[Delta, ...]


class Conflict(Exception):
    """`write` expected another version than `actual`."""

    def __init__(self, write: Write, actual: int, current: Document | None) -> None:
        super().__init__(write.id)
        self.write, self.actual, self.current = write, actual, current


def prepare(batch: Batch, head: Head, latest: Callable[[RecordKey], bytes | None]) -> Prepared:
    """Raises `Conflict`. A later write of a batch sees the earlier ones; no batch is older than the one before it."""
    seq, at = head.seq + 1, max(batch.at, from_us(head.at_us))
    before: dict[RecordKey, bytes | None] = {}
    after: dict[RecordKey, bytes | None] = {}
    deltas = []
    for write in batch.writes:
        key = (write.kind, write.id)
        if key not in before:
            before[key] = after[key] = latest(key)
        after[key], delta = _written(write, after[key], seq, to_us(at))
        deltas.append(delta)
    rows = _rows(batch, seq, at, head.digest, before, after)
    return Prepared(rows, _head(head, rows, before, after), after, tuple(deltas))


def _written(write: Write, there: bytes | None, seq: int, at_us: int) -> tuple[bytes | None, Delta]:
    actual = 0 if there is None else _versioned(there[:-SEAL_BYTES]).version
    if write.expected is not None and write.expected != actual:
        raise Conflict(write, actual, None if there is None else unsealed(there))
    if write.body is None:
        return None, Delta(seq, write.kind, write.id, None)
    body: dict[str, Any] = {**write.body, "version": actual + 1}
    return seal(pack(body), write.kind.value, write.id, seq, at_us), Delta(seq, write.kind, write.id, body)


def _rows(batch: Batch, seq: int, at: datetime, previous: str, before: Versions, after: Versions) -> BatchRows:
    at_us = to_us(at)
    replaced = [key for key, sealed in before.items() if sealed is not None]
    return BatchRows(
        audit=next_row(previous, seq, at, batch.actor, batch.reason, batch.summary),
        at_us=at_us,
        puts=[(kind.value, id_, seq, at_us, sealed) for (kind, id_), sealed in after.items() if sealed is not None],
        removes=[(kind.value, id_) for kind, id_ in replaced if after[kind, id_] is None],
        replaced=[(kind.value, id_) for kind, id_ in replaced],
        history=[_history_row(seq, n, row) for n, row in enumerate(batch.differences)],
    )


def _history_row(seq: int, n: int, row: Any) -> Row:
    change = pack((row.before, row.after))
    name = (seq, n, row.kind.value, row.id, row.attribute)
    return (*name, seal(change, *name))


def _head(head: Head, rows: BatchRows, before: Versions, after: Versions) -> Head:
    gone = [sealed for sealed in before.values() if sealed is not None]
    come = [sealed for sealed in after.values() if sealed is not None]
    return Head(
        seq=rows.audit.seq,
        at_us=rows.at_us,
        digest=rows.audit.digest,
        documents=head.documents + len(come) - len(gone),
        checksum=head.checksum + sum(map(seal_of, come)) - sum(map(seal_of, gone)),
    )
