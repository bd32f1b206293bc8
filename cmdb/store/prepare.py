"""A batch as rows, given the state that it builds on. Pure: nothing is written or visible yet.

This is where a commit spends its time on the event loop: what is known of a record is read from its bytes once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from cmdb.audit import next_row
from cmdb.model.change import AuditRow, Delta
from cmdb.model.kind import Kind
from cmdb.store.moment import from_us, to_us
from cmdb.store.protocol import Batch, Difference, Document, Write
from cmdb.store.rows import BatchRows, Row, history_row, past_row, place_of
from cmdb.store.seal import SEAL_BYTES, checksum_of, number_of, pack, seal, unsealed
from cmdb.store.text import SEARCHED
from cmdb.store.verify import Head

T = TypeVar("T")
RecordKey = tuple[str, str]  # table (a `Kind` is one), id
Versions = Mapping[RecordKey, bytes | None]  # sealed bytes; None: it is not there
_NAMES: Mapping[str, str] = {kind: kind.value for kind in Kind}  # SQLite is slow to bind what is not quite a str


def by_name(of_kinds: Mapping[Kind, T]) -> Mapping[str, T]:
    """The same, to be asked with a table's name: a `Kind` is one, and equal to it."""
    return {kind.value: value for kind, value in of_kinds.items()}


class _Filed(msgspec.Struct, gc=False):
    version: int = 0
    class_: str = msgspec.field(name="class", default="")


_NOT_THERE = _Filed()
_filed = msgspec.msgpack.Decoder(_Filed).decode


class Slot(msgspec.Struct, gc=False):
    """A record of the batch: its bytes before and after, their version and class; its number, and the place in `past`
    of the version before."""

    table: str
    number: int
    place: int = 0
    before: bytes | None = None
    class_before: str = ""
    version: int = 0
    class_: str = ""
    after: bytes | None = None


Slots = Mapping[RecordKey, Slot]


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
    keys: list[RecordKey] = [(write.kind, write.id) for write in batch.writes]
    slots = slots_of(keys, head, latest)
    deltas = tuple([_written(write, slots[key], seq) for key, write in zip(keys, batch.writes, strict=True)])
    audit = next_row(head.digest, seq, at, batch.actor, batch.reason, batch.summary)
    rows = rows_of(audit, batch.differences, slots)
    after = {key: slot.after for key, slot in slots.items()}
    return Prepared(rows, head_after(head, rows, slots), after, deltas, _reworded(batch, keys))


def slots_of(keys: Sequence[RecordKey], head: Head, latest: Callable[[RecordKey], bytes | None]) -> Slots:
    """Each record once: what is there stays in its place, what is new gets a number."""
    seq, last_number, replaced = head.seq + 1, head.last_number, 0
    slots: dict[RecordKey, Slot] = {}
    for key in keys:
        if key in slots:
            continue
        table, before = _NAMES.get(key[0], key[0]), latest(key)
        if before is None:
            last_number += 1
            slots[key] = Slot(table, last_number)
        else:
            number, place, known = number_of(before), place_of(seq, replaced), filed(before)
            slots[key] = Slot(table, number, place, before, known.class_, known.version, known.class_, before)
            replaced += 1
    return slots


def _written(write: Write, slot: Slot, seq: int) -> Delta:
    actual = slot.version
    if write.expected is not None and write.expected != actual:
        raise Conflict(write, actual, None if slot.after is None else unsealed(slot.after))
    if write.body is None:
        slot.after, slot.version, slot.class_ = None, 0, ""
        return Delta(seq, write.kind, write.id, None)
    body, packed = write.body, write.packed
    if packed is None or write.expected is None:
        body = {**body, "version": actual + 1}
        packed = pack(body)
    slot.version, slot.class_ = actual + 1, body.get("class", "")
    slot.after = seal(packed, f"{slot.table}\0{write.id}", seq, slot.place, slot.number)
    return Delta(seq, write.kind, write.id, body)


def rows_of(audit: AuditRow, differences: Sequence[Difference], slots: Slots) -> BatchRows:
    """What the database takes."""
    puts, removes, past, gone = [], [], [], []
    for (_, id_), slot in slots.items():
        before, after = slot.before, slot.after
        if before is not None:
            past.append(past_row(slot.place, slot.table, slot.class_before, id_, before))
        if after is not None:
            puts.append((slot.number, slot.table, id_, after))
        elif before is not None:
            removes.append((slot.number,))
            gone.append((slot.table, id_, slot.place))
    history = [_history_row(audit.seq, n, row, slots) for n, row in enumerate(differences)]
    return BatchRows(audit, to_us(audit.at), puts, removes, past, gone, history)


def _history_row(seq: int, n: int, row: Difference, slots: Slots) -> Row:
    slot = slots.get((row.kind, row.id))
    class_ = "" if slot is None else slot.class_ or slot.class_before
    return history_row(seq, n, _NAMES[row.kind], class_, row.id, row.attribute, pack((row.before, row.after)))


def head_after(head: Head, rows: BatchRows, slots: Slots) -> Head:
    """Where the log ends once these rows are written."""
    befores = [slot.before for slot in slots.values() if slot.before is not None]
    afters = [slot.after for slot in slots.values() if slot.after is not None]
    documents = head.documents - len(befores) + len(afters)
    checksum = head.checksum - sum(map(checksum_of, befores)) + sum(map(checksum_of, afters))
    last_number = max([head.last_number, *(put[0] for put in rows.puts)])
    return Head(rows.audit.seq, rows.at_us, rows.audit.digest, documents, checksum, last_number)


def filed(sealed: bytes) -> _Filed:
    """Its version and class; a TinyDB document may have anything by these names."""
    try:
        return _filed(sealed[:-SEAL_BYTES])
    except msgspec.ValidationError:
        return _NOT_THERE


def _reworded(batch: Batch, keys: Sequence[RecordKey]) -> Sequence[RecordKey]:
    """CIs are written at every scan: of them only those in which history sees a difference."""
    differing = {(row.kind, row.id) for row in batch.differences}
    return [key for key in keys if key[0] in SEARCHED and (key[0] is not Kind.CI or key in differing)]
