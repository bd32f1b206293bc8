"""A change to the record: what is written, and the history and audit rows that every write leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from cmdb.model.kind import Kind, Record


class Put(msgspec.Struct, frozen=True):
    """Write this record. `expected` is the version it was read at (0: it must not exist; None: whatever is there)."""

    kind: Kind
    record: Record
    expected: int | None = None

    @property
    def id(self) -> str:
        """The record's."""
        return self.record.id


class Remove(msgspec.Struct, frozen=True):
    """Delete a record. History and audit keep that it was there."""

    kind: Kind
    id: str
    expected: int | None = None


Change = Put | Remove


class HistoryRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attribute of one record, from → to. `attribute` is dotted (`attributes.version`); "" is the whole record."""

    seq: int
    at: datetime
    kind: Kind
    id: str
    attribute: str
    before: Any = None
    after: Any = None
    actor: str
    reason: str


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One batch: who did what and why. `digest` is sha256 over this row's content and the previous row's digest."""

    seq: int
    at: datetime
    actor: str
    reason: str
    summary: str
    previous: str
    digest: str


class Delta(msgspec.Struct, frozen=True):
    """One record changed by the batch `seq`; `body` is None when it was deleted."""

    seq: int
    kind: Kind
    id: str
    body: dict[str, Any] | None
