"""A silence: for a while nobody is told."""

from __future__ import annotations

from datetime import datetime

from cmdb.model.kind import Record


class Silence(Record, frozen=True, kw_only=True):
    """Incidents whose labels all `matchers` match are not told of within [start, end)."""

    matchers: tuple[str, ...]
    start: datetime
    end: datetime
    by: str
    reason: str
