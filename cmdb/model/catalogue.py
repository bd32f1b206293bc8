"""A published version of the service catalogue: what was offered to whom from then on, frozen."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cmdb.model.kind import Record
from cmdb.model.service import Component


class Offering(msgspec.Struct, frozen=True, kw_only=True):
    """What can be had of a service: the terms of one agreement, as far as customers care."""

    name: str
    kind: str
    customer: str
    target: float
    period: str
    hours: str
    respond_minutes: dict[str, int]
    resolve_minutes: dict[str, int]
    cost: float | None
    currency: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A service as the catalogue names it. `kind` is business (customers see it) or technical (others stand on it)."""

    name: str
    kind: str
    title: str
    description: str
    owner: str
    customers: tuple[str, ...]
    criticality: int
    hours: str
    timezone: str
    components: tuple[Component, ...]
    offerings: tuple[Offering, ...]


class CatalogueVersion(Record, frozen=True, kw_only=True):
    """`id` is the number as text. A retired version is kept: what was promised then can be looked up."""

    number: int
    note: str = ""
    published_at: datetime
    published_by: str
    entries: tuple[Entry, ...]
    retired_at: datetime | None = None
    retired_by: str = ""
