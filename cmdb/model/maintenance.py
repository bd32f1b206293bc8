"""A maintenance window on record: who works on what, when and why. When it is open: `cmdb.practices.maintenance`."""

from __future__ import annotations

from datetime import datetime

from cmdb.model.kind import Record
from cmdb.practices.maintenance import Window


class Maintenance(Record, frozen=True, kw_only=True):
    """`problems` are the moments at which what a flexible window covers turned bad: the first one opens it."""

    window: Window
    by: str
    problems: tuple[datetime, ...] = ()
