"""The hash chain of the audit: each row's digest covers its content and the digest before it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

from cmdb.model.change import AuditRow
from cmdb.store.protocol import Store

GENESIS = "0" * 64
_READ_ROWS = 5000


def next_row(previous: str, seq: int, at: datetime, actor: str, reason: str, summary: str) -> AuditRow:
    """The row that follows the one with digest `previous` (`GENESIS` for the first)."""
    content = msgspec.json.encode([previous, seq, at, actor, reason, summary])
    return AuditRow(
        seq=seq,
        at=at,
        actor=actor,
        reason=reason,
        summary=summary,
        previous=previous,
        digest=hashlib.sha256(content).hexdigest(),
    )


class Verdict(msgspec.Struct, frozen=True):
    """`rows` that were looked at; `broken_seq` and `why` of the first that is not as it was written, if any."""

    rows: int
    broken_seq: int | None = None
    why: str = ""


async def verify(store: Store) -> Verdict:
    """Follow the whole chain, to the last batch: that its end was cut off is nothing that a chain can tell."""
    previous, seq, count = GENESIS, 0, 0
    while rows := await store.audit(after_seq=seq, limit=_READ_ROWS):
        if (broken := first_broken(rows, previous, seq)) is not None:
            return Verdict(count, *broken)
        previous, seq, count = rows[-1].digest, rows[-1].seq, count + len(rows)
    if seq < store.seq:
        return Verdict(count, seq + 1, "is missing, with every row after it")
    return Verdict(count)


def first_broken(rows: Iterable[AuditRow], previous: str = GENESIS, last_seq: int = 0) -> tuple[int, str] | None:
    """The sequence number of the first row that does not follow the one before, and why; None when the chain holds."""
    for row in rows:
        if row.seq > last_seq + 1:
            return last_seq + 1, "is missing"
        if row.seq <= last_seq:
            return row.seq, f"comes after {last_seq}: reordered or repeated"
        if row.previous != previous:
            return row.seq, "does not follow the row before it: one of the two was changed or exchanged"
        if next_row(previous, row.seq, row.at, row.actor, row.reason, row.summary).digest != row.digest:
            return row.seq, "its content is not what was written"
        previous, last_seq = row.digest, row.seq
    return None
