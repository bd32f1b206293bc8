"""The hash chain of the audit: each row's digest covers its content and the digest before it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

from cmdb.model.change import AuditRow

GENESIS = "0" * 64


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


def first_broken(rows: Iterable[AuditRow], previous: str = GENESIS) -> tuple[int, str] | None:
    """The sequence number of the first row that does not follow, and why; None when the chain holds."""
    last_seq = 0
    for row in rows:
        if row.seq <= last_seq:
            return row.seq, f"comes after {last_seq}: reordered or repeated"
        if row.previous != previous:
            return row.seq, "does not follow the row before it: one was removed, inserted or reordered"
        if next_row(previous, row.seq, row.at, row.actor, row.reason, row.summary).digest != row.digest:
            return row.seq, "its content is not what was written"
        previous, last_seq = row.digest, row.seq
    return None
