"""The checks that an agent is to run, read from the record, with the states from which it goes on."""

from __future__ import annotations

import msgspec

from agent.wire import Resume, Work
from checks.probes import JUDGED_AT_HUB
from cmdb.model.check import CheckRecord
from cmdb.model.kind import Kind
from cmdb.store.protocol import Store


async def work_for(store: Store, agent_id: str) -> Work:
    """All checks of this agent, in order of their ids."""
    found = await store.find(Kind.CHECK, {"agent": agent_id})
    checks = [msgspec.convert(one, CheckRecord) for one in found if one["type"] not in JUDGED_AT_HUB]
    return Work(
        revision=store.seq,
        checks=[check.definition for check in checks],
        states={
            check.id: Resume(check.state, check.hard, check.attempt) for check in checks if check.state != "pending"
        },
    )
