"""Batches as the contract's tests write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cmdb.model.kind import Kind
from cmdb.store.protocol import Batch, Difference, Write

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def host(id_: str = "h1", *, expected: int | None = None, **fields: Any) -> Write:
    body = {"id": id_, "version": 0, "class": "host", "name": id_, "status": "in_use", "host": id_, **fields}
    return Write(Kind.CI, id_, body, expected)


def gone(id_: str = "h1", expected: int | None = None) -> Write:
    return Write(Kind.CI, id_, None, expected)


def batch(*writes: Write, minutes: float = 0, differences: tuple[Difference, ...] = (), actor: str = "ann") -> Batch:
    return Batch(writes, differences, actor, "because", f"{len(writes)} writes", at(minutes))
