"""A relation between two CIs, read from source to target, and whether impact flows along its type."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cmdb.model.kind import Record


class Flow(enum.Enum):
    """Which way trouble travels along a relation."""

    NOWHERE = enum.auto()
    TO_SOURCE = enum.auto()  # `guest runs_on host`: the host down takes the guest down
    TO_TARGET = enum.auto()  # `software listens_on endpoint`: software that is down answers nowhere


IMPACT_FLOWS: Mapping[str, Flow] = {
    "runs_on": Flow.TO_SOURCE,
    "part_of": Flow.NOWHERE,  # a part says nothing about its whole; but see `practices.topology` on what runs a program
    "listens_on": Flow.TO_TARGET,
    "installed_on": Flow.NOWHERE,
    "depends_on": Flow.TO_SOURCE,
    "connects_to": Flow.NOWHERE,  # observed traffic: `depends_on` is what is concluded from it
    "uses": Flow.TO_SOURCE,
    "supports": Flow.TO_TARGET,
    "member_of": Flow.NOWHERE,
    "located_at": Flow.TO_SOURCE,
    "provided_by": Flow.TO_SOURCE,
    "covered_by": Flow.NOWHERE,
}
RELATION_TYPES = tuple(IMPACT_FLOWS)


def relation_id(source: str, type_: str, target: str) -> str:
    """The id of the one relation of this type between these two."""
    return f"{source}|{type_}|{target}"


class Relation(Record, frozen=True, kw_only=True):
    """`evidence` says what it was concluded from (source, sample counts, confidence 0–1)."""

    source: str
    type: str
    target: str
    first_seen: datetime
    last_seen: datetime
    evidence: dict[str, Any] = {}
