"""A check as the hub remembers it: its definition, its state now, its last result. Judging is `checks.state`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from checks.definition import Definition
from cmdb.model.kind import Record


class CheckRecord(Record, frozen=True, kw_only=True):
    """`state` is ok | warning | critical | unknown | pending (never run).

    `hard` and `attempt` as in `checks.state`; `since` is when this state began; `last_result` the whole last
    result as builtins; `reason` qualifies unknown (no_data, prober_late). `blocked_by` are the CIs that are hard-down
    and keep what is checked from being reached: then it is unreachable, and nobody is told of it.
    """

    ci: str
    type: str
    definition: Definition
    agent: str | None = None
    state: str = "pending"
    hard: bool = True
    attempt: int = 1
    since: datetime
    last_result_at: datetime | None = None
    output: str = ""
    metrics: tuple[dict[str, Any], ...] = ()
    last_result: dict[str, Any] = {}
    flapping: bool = False
    reason: str | None = None
    blocked_by: tuple[str, ...] = ()
    acknowledged_by: str | None = None
