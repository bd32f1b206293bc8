"""A number that only rises: the last one given to an incident, a problem, a change."""

from __future__ import annotations

from cmdb.model.kind import Record


class Counter(Record, frozen=True, kw_only=True):
    """`id` names what is counted."""

    value: int = 0
