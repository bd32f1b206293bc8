"""A maintenance window on record: who works on what, when and why. When it is open: `cmdb.practices.maintenance`."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cmdb.model.kind import Record
from cmdb.practices.maintenance import Window


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What a stakeholder answered to the announcement of planned work, and who wrote that down."""

    who: str
    agrees: bool
    at: datetime
    by: str
    text: str = ""


class Maintenance(Record, frozen=True, kw_only=True):
    """`problems` are the moments at which what a flexible window covers turned bad: the first one opens it.

    `told` are receipts by stakeholder of an agreement, `consents` what they answered, the last answer of each.
    """

    window: Window
    by: str
    problems: tuple[datetime, ...] = ()
    told: dict[str, str] = {}
    consents: tuple[Consent, ...] = ()
