"""A relation between two CIs, read from source to target, and whether impact flows along its type."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cmdb.model.kind import Record

# type → does trouble at the target reach the source?  (`host runs_on esx`: esx down takes host down.)
IMPACT_FLOWS = {
    "runs_on": True,
    "part_of": False,
    "listens_on": False,
    "installed_on": False,
    "depends_on": True,
    "connects_to": False,
    "uses": True,
    "supports": False,  # impact flows the other way: trouble at the source reaches the target
    "member_of": False,
    "located_at": False,
    "provided_by": True,
    "covered_by": False,
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
