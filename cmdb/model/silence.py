"""A silence and a maintenance window: for a while nobody is told, or nothing is judged."""

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


class Maintenance(Record, frozen=True, kw_only=True):
    """What `select` (the filter grammar over CIs) finds is worked on within [start, end): no incidents, nobody told.

    `every` repeats it (`1w`, by the wall clock of `timezone`) until `until`.
    """

    select: str
    start: datetime
    end: datetime
    by: str
    reason: str
    every: str = ""
    until: datetime | None = None
    timezone: str = "UTC"
