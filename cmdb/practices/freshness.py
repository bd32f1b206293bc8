"""When a check's last result is too old to stand for now, and what a silent agent makes of its checks. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from checks.definition import Definition
from cmdb.model.agent import AgentRecord
from cmdb.model.check import CheckRecord

HEARTBEAT = "heartbeat"
SUMMARY_EVERY_S = 60.0  # agents say at least this often that nothing changed


def lives_s(definition: Definition, intervals: float, grace_s: float) -> float:
    """How long after a result the next sign of life has to be here."""
    return max(definition.interval_s * intervals, SUMMARY_EVERY_S) + definition.timeout_s + grace_s


def without_data(check: CheckRecord, at: datetime, why: str) -> CheckRecord:
    """The check when nobody knows how it is: unknown, never the last green."""
    known = check.state == "unknown" and check.reason == "no_data"
    return check if known else msgspec.structs.replace(
        check, state="unknown", hard=True, attempt=1, since=at, output=why, metrics=(), reason="no_data"
    )  # fmt: skip


def heartbeat(check: CheckRecord, agent: AgentRecord, at: datetime) -> CheckRecord:
    """The heartbeat check of an agent's host: the hub itself is its probe."""
    silent = agent.state != "connected"
    heard = f", last heard {agent.last_heard:%Y-%m-%dT%H:%M:%SZ}" if silent and agent.last_heard else ""
    state = "critical" if silent else "ok"
    return msgspec.structs.replace(
        check,
        state=state,
        hard=True,
        attempt=1,
        since=check.since if check.state == state else at,
        last_result_at=at,
        output=f"agent {agent.name} is {agent.state}{heard}",
        reason=None,
    )
