"""Records for the console's tests, put into a hub through its ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cmdb.hub.hub import Hub
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Put
from cmdb.model.effect import Effect, effect_id
from cmdb.model.incident import Incident, TimelineEntry
from cmdb.model.kind import Kind, Record
from tests.support.hub import START, check, ci

KINDS = {
    "ConfigurationItem": Kind.CI,
    "CheckRecord": Kind.CHECK,
    "Incident": Kind.INCIDENT,
    "Effect": Kind.EFFECT,
    "AgentRecord": Kind.AGENT,
}


async def give(hub: Hub, *records: Record) -> None:
    """Commit these."""
    await hub.ledger.commit([Put(KINDS[type(one).__name__], one) for one in records], actor="test", reason="test")


def incident(number: int, title: str, ci_id: str = "web", **fields: Any) -> Incident:
    given: dict[str, Any] = {
        "priority": 2,
        "impact": 2,
        "urgency": 1,
        "key": f"key {number}",
        "opened_at": START - timedelta(minutes=4),
        "respond_due": START + timedelta(minutes=11),
        "resolve_due": START + timedelta(hours=4),
        "timeline": (
            TimelineEntry(at=START - timedelta(minutes=4), who="hub", what="opened", text="check went critical"),
        ),
    }
    return Incident(id=str(number), number=number, title=title, ci=ci_id, **(given | fields))


def cause(incident: int, check_id: str, ci_id: str) -> Effect:
    """The bad check that an incident is about."""
    return Effect(
        id=effect_id(incident, check_id),
        incident=incident,
        check=check_id,
        ci=ci_id,
        role="cause",
        severity="critical",
        since=START,
    )


def agent(name: str, **fields: Any) -> AgentRecord:
    given: dict[str, Any] = {"platform": "Linux x86_64", "agent_version": "0.1.0", "last_heard": START}
    return AgentRecord(id=name, name=name, **(given | fields))


async def small_fleet(hub: Hub) -> None:
    """Two hosts with filesystems; one of them is full, which is incident 1; one check is only warning."""
    await give(
        hub,
        ci("web", "host", host="web", name="web-1.ber", attributes={"os": "Debian 12", "kernel": "6.1.0"}),
        ci("db", "host", host="db", name="db-1.ber", attributes={"os": "Debian 12"}),
        ci("web-var", "filesystem", host="web", name="/var", attributes={"type": "ext4"}),
        ci("db-var", "filesystem", host="db", name="/var", attributes={"type": "xfs"}),
        check("web-var", "filesystem", "critical", output="/var 97% used", last_result_at=START),
        check(
            "db-var",
            "filesystem",
            "warning",
            output="/var 85% used",
            last_result_at=START,
            since=START - timedelta(hours=2),
        ),
        check("web", "load", "ok", output="load 0.4", last_result_at=START),
        incident(1, "/var 97% used", "web-var", check="web-var/filesystem", affected=1),
        cause(1, "web-var/filesystem", "web-var"),
        agent("web-1.ber", host="web"),
        agent("db-1.ber", host="db"),
    )
