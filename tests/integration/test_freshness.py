"""No check stands on old news."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cmdb.config import Config
from cmdb.hub.hub import Hub
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Put
from cmdb.model.check import CheckRecord
from cmdb.model.kind import Kind
from cmdb.practices import freshness as rule
from tests.support.hub import START, check, ci, hub_at, put, until


async def agent_is(hub: Hub, state: str) -> None:
    known = await hub.store.get(Kind.AGENT, "agent-1")
    record = AgentRecord(id="agent-1", name="web", host="web", state=state, last_heard=START)
    version = 0 if known is None else known["version"]
    await hub.ledger.commit([Put(Kind.AGENT, record, version)], actor="test", reason="test")


async def comes_to(hub: Hub, id_: str, state: str, reason: str | None) -> CheckRecord:
    found: list[CheckRecord] = []

    async def look() -> bool:
        document = await hub.store.get(Kind.CHECK, id_)
        assert document is not None
        found[:] = [msgspec.convert(document, CheckRecord)]
        return (found[0].state, found[0].reason) == (state, reason)

    await until(look, f"{id_} is {state} ({reason})")
    return found[0]


async def test_the_hub_itself_judges_an_agents_heartbeat(hub: Hub) -> None:
    await agent_is(hub, "connected")
    await put(hub, ci("web", "host", host="web"), check("web", "heartbeat", "pending", agent="agent-1"))
    await comes_to(hub, "web/heartbeat", "ok", None)
    await agent_is(hub, "silent")
    found = await comes_to(hub, "web/heartbeat", "critical", None)
    assert found.output == "agent web is silent, last heard 2026-03-02T12:00:00Z"
    await until(lambda: len(hub.book) == 1, "an incident about the host")
    await agent_is(hub, "connected")
    await comes_to(hub, "web/heartbeat", "ok", None)


async def test_the_checks_of_a_silent_agent_are_unknown_never_the_last_green(hub: Hub) -> None:
    await agent_is(hub, "connected")
    await put(hub, check("web", "load", agent="agent-1"), check("web", "disk", "critical", agent="agent-1"))
    await put(hub, check("db", "load", agent="agent-2"))
    await agent_is(hub, "silent")
    for name in ("load", "disk"):
        found = await comes_to(hub, f"web/{name}", "unknown", "no_data")
        assert found.output == "no data: agent web is silent"
    await comes_to(hub, "db/load", "ok", None)


async def test_a_check_without_results_becomes_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "SUMMARY_EVERY_S", 0.0)
    config = msgspec.convert({"check": {"ttl_intervals": 1, "ttl_grace_s": 0.0}}, Config)
    async with hub_at(tmp_path, config=config) as hub:
        short = check("web", "load", last_result_at=START)
        definition = msgspec.structs.replace(short.definition, interval_s=0.02, timeout_s=0.0)
        await put(hub, msgspec.structs.replace(short, definition=definition), check("web", "disk"))
        found = await comes_to(hub, "web/load", "unknown", "no_data")
        assert found.output == "no data: no result since 2026-03-02T12:00:00Z"
        await comes_to(hub, "web/disk", "ok", None)
