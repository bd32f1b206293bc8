"""A configuration item: one thing that is managed, discovered or declared. Not its relations, not its health."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from cmdb.model.kind import Record

DISCOVERED_CLASSES = (
    "host", "os", "cpu", "memory", "disk", "filesystem", "interface", "address", "endpoint", "software",
    "unit", "package", "container", "image", "virtual_machine", "certificate", "database", "timer", "account",
    "kernel_module", "cloud_instance", "external",
)  # fmt: skip
LOGICAL_CLASSES = (
    "service", "offering", "application", "business_process", "objective", "site", "team", "person",
    "customer", "supplier", "contract", "document",
)  # fmt: skip


class ConfigurationItem(Record, frozen=True, kw_only=True):
    """`host` is the id of the host that it lives on (itself, for a host).

    `key` is its name within its host and class (`/var` for a filesystem, `tcp/0.0.0.0:80` for an endpoint):
    host + class + key find it again at the next scan. `keys` are the identity keys of `identity.py` by name.
    `attributes` are what history compares; `metrics` are volatile (free bytes, pids, uptime) and never make a
    history row. `sources` maps a source to the moment it last reported; `overrides` are values that a person
    set, which win over `attributes`. `origins` says which source wrote an attribute, where it was not the agent
    (`cmdb.precedence`). `missing_reports` counts consecutive ok reports without it.
    """

    class_: str = msgspec.field(name="class")
    name: str
    status: str = "in_use"  # in_use | missing | retired
    host: str | None = None
    key: str = ""
    attributes: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    overrides: dict[str, Any] = {}
    keys: dict[str, Any] = {}
    sources: dict[str, datetime] = {}
    origins: dict[str, str] = {}
    first_seen: datetime
    last_seen: datetime
    missing_since: datetime | None = None
    missing_reports: int = 0
