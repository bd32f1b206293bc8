"""Hosts' checks planned anew without a report: when the rules change, and when another agent is to run them.

Not the rules themselves, nor who is to run them (`cmdb.check_runner`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from cmdb.hub.ledger import Ledger
from cmdb.hub.reconciling import Reconciling
from cmdb.model.agent import AgentRecord
from cmdb.model.kind import Kind
from cmdb.store.protocol import StaleVersion, Store

ATTEMPTS = 5  # results come in between the reading and the writing
_log = logging.getLogger(__name__)
WorkChanged = Callable[[str], Awaitable[None]]


async def plan_again(
    store: Store,
    ledger: Ledger,
    reconciling: Reconciling,
    work_changed: WorkChanged,
    agentless_changed: Callable[[], None],
) -> None:
    """Give the hosts on record their checks anew, and their agents the work; what has no agent follows."""
    agentless_changed()
    hosts = {agent["host"] for agent in await store.find(Kind.AGENT) if agent.get("host") is not None}
    for host in sorted(hosts):
        await _plan(ledger, reconciling, host, work_changed, "check rules changed")


async def hand_over(ledger: Ledger, reconciling: Reconciling, work_changed: WorkChanged, agent_id: str) -> None:
    """An agent came or went: where it shares its host with others, let the right one of them run the checks."""
    neighbours = await neighbours_of(ledger.store, agent_id)
    if len(neighbours) > 1:
        await _plan(ledger, reconciling, neighbours[0].host or "", work_changed, "another agent runs them")


async def neighbours_of(store: Store, agent_id: str) -> list[AgentRecord]:
    """The agents that report the same host as this one, it included; none where it reports none."""
    agent = await store.get(Kind.AGENT, agent_id)
    host = None if agent is None else agent["host"]
    return await store.read(Kind.AGENT, AgentRecord, "host", [host]) if host else []


async def _plan(ledger: Ledger, reconciling: Reconciling, host: str, work_changed: WorkChanged, reason: str) -> None:
    if await _planned(ledger, reconciling, host, reason):
        for agent in await ledger.store.read(Kind.AGENT, AgentRecord, "host", [host]):
            await work_changed(agent.id)


async def _planned(ledger: Ledger, reconciling: Reconciling, host_id: str, reason: str) -> bool:
    for _ in range(ATTEMPTS):
        try:
            changes = await reconciling.checks_anew(host_id)
            return await ledger.commit(changes, actor="hub", reason=reason) is not None
        except StaleVersion:
            continue
    _log.warning("the checks of host %s are planned with its next report: too much came in between", host_id)
    return False
