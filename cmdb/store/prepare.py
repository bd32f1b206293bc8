"""A batch as rows, given the state that it builds on. Pure: nothing is written or visible yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from cmdb.audit import next_row
from cmdb.model.change import AuditRow, Delta
from cmdb.model.kind import Kind
from cmdb.store.moment import from_us, to_us
from cmdb.store.protocol import Batch, Difference, Document, Write
from cmdb.store.rows import BatchRows, Row, history_name, place_of
from cmdb.store.seal import SEAL_BYTES, checksum_of, pack, seal, unsealed
from cmdb.store.text import SEARCHED
from cmdb.store.verify import Head

RecordKey = tuple[str, str]  # table (a `Kind` is one), id
Versions = Mapping[RecordKey, bytes | None]  # sealed bytes; None: it is not there
_NAMES: Mapping[str, str] = {kind: kind.value for kind in Kind}  # SQLite is slow to bind what is not quite a str


class _Versioned(msgspec.Struct, gc=False):
    version: int


class _Classed(msgspec.Struct, gc=False):
    class_: str = msgspec.field(name="class", default="")


_versioned = msgspec.msgpack.Decoder(_Versioned).decode
_classed = msgspec.msgpack.Decoder(_Classed).decode


class Prepared(msgspec.Struct, frozen=True):
    """`after` is what becomes visible, `head` where the log then ends, `reworded` what may be found by other words."""

    rows: BatchRows
    head: Head
    after: Versions
    deltas: tuple[Delta, ...]
    reworded: Sequence[RecordKey]


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
        after[key], delta = _written(write, after[key], seq)
        deltas.append(delta)
    audit = next_row(head.digest, seq, at, batch.actor, batch.reason, batch.summary)
    rows = rows_of(audit, batch.differences, before, after)
    return Prepared(rows, head_after(head, rows, before, after), after, tuple(deltas), _reworded(batch))


def _written(write: Write, there: bytes | None, seq: int) -> tuple[bytes | None, Delta]:
    actual = 0 if there is None else _versioned(there[:-SEAL_BYTES]).version
    if write.expected is not None and write.expected != actual:
        raise Conflict(write, actual, None if there is None else unsealed(there))
    if write.body is None:
        return None, Delta(seq, write.kind, write.id, None)
    body: dict[str, Any] = {**write.body, "version": actual + 1}
    name = f"{write.kind.value}\0{write.id}"
    return seal(pack(body), name, seq), Delta(seq, write.kind, write.id, body)


def _reworded(batch: Batch) -> Sequence[RecordKey]:
    """CIs are written at every scan: of them only those in which history sees a difference."""
    differing = {(row.kind, row.id) for row in batch.differences}
    keys = [(write.kind, write.id) for write in batch.writes if write.kind in SEARCHED]
    return [key for key in keys if key[0] is not Kind.CI or key in differing]


def rows_of(audit: AuditRow, differences: Sequence[Difference], before: Versions, after: Versions) -> BatchRows:
    """What the database takes, given the versions that the batch replaces and those that it leaves."""
    replaced = [(key, sealed) for key, sealed in before.items() if sealed is not None]
    return BatchRows(
        audit=audit,
        at_us=to_us(audit.at),
        puts=[(_name(key[0]), key[1], sealed) for key, sealed in after.items() if sealed is not None],
        removes=[(_name(key[0]), key[1]) for key, sealed in after.items() if sealed is None],
        past=[
            (place_of(audit.seq, n), _name(key[0]), _class_of(sealed), key[1], sealed)
            for n, (key, sealed) in enumerate(replaced)
        ],
        history=[_history_row(audit.seq, n, row, before, after) for n, row in enumerate(differences)],
    )


def _class_of(sealed: bytes | None) -> str:
    try:
        return "" if sealed is None else _classed(sealed[:-SEAL_BYTES]).class_
    except msgspec.ValidationError:  # a TinyDB document may have any `class`
        return ""


def _name(table: str) -> str:
    return _NAMES.get(table, table)


def _history_row(seq: int, n: int, row: Difference, before: Versions, after: Versions) -> Row:
    key = (row.kind, row.id)
    kind, class_ = row.kind.value, _class_of(after.get(key) or before.get(key))
    change = seal(pack((row.before, row.after)), history_name(n, kind, row.id, row.attribute), seq)
    return (seq, n, kind, class_, row.id, row.attribute, change)


def head_after(head: Head, rows: BatchRows, before: Versions, after: Versions) -> Head:
    """Where the log ends once these rows are written."""
    gone = [sealed for sealed in before.values() if sealed is not None]
    come = [sealed for sealed in after.values() if sealed is not None]
    return Head(
        seq=rows.audit.seq,
        at_us=rows.at_us,
        digest=rows.audit.digest,
        documents=head.documents + len(come) - len(gone),
        checksum=head.checksum + sum(map(checksum_of, come)) - sum(map(checksum_of, gone)),
    )
