"""The approved state of a CI, of a host with all that is on it, or of a group of them. Not how drift is found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from cmdb.model.kind import Record


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """Drift that is let be until a moment (None: for good). `attribute` "" is the whole item."""

    item: str
    attribute: str
    reason: str
    by: str
    until: datetime | None = None


class Baseline(Record, frozen=True, kw_only=True):
    """`ci` is what was approved; baselines of a group share a `name`.

    `items` maps an item's class and key (`package/dpkg/openssl:amd64`) to its attributes as they were approved.
    """

    name: str
    ci: str
    at: datetime
    by: str
    reason: str = ""
    items: dict[str, dict[str, Any]] = {}
    waivers: tuple[Waiver, ...] = ()
