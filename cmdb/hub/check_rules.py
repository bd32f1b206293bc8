"""Every host's checks by the rules as they are now: planned again when the rules change. Not the rules themselves."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from cmdb.hub.ledger import Ledger
from cmdb.hub.reconciling import Reconciling
from cmdb.model.kind import Kind
from cmdb.store.protocol import StaleVersion, Store

ATTEMPTS = 5  # results come in between the reading and the writing
_log = logging.getLogger(__name__)


async def plan_again(
    store: Store,
    ledger: Ledger,
    reconciling: Reconciling,
    work_changed: Callable[[str], Awaitable[None]],
    agentless_changed: Callable[[], None],
) -> None:
    """Give the hosts on record their checks anew, and their agents the work; what has no agent follows."""
    agentless_changed()
    for agent in await store.find(Kind.AGENT):
        if agent.get("host") is not None and await _planned(ledger, reconciling, agent["id"], agent["host"]):
            await work_changed(agent["id"])


async def _planned(ledger: Ledger, reconciling: Reconciling, agent_id: str, host_id: str) -> bool:
    for _ in range(ATTEMPTS):
        try:
            changes = await reconciling.checks_anew(agent_id, host_id)
            return await ledger.commit(changes, actor="hub", reason="check rules changed") is not None
        except StaleVersion:
            continue
    _log.warning("the checks of host %s are planned with its next report: too much came in between", host_id)
    return False
