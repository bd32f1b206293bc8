"""Which agent runs a host's checks, where several live on it: one at a time, so that no check has two voices. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from cmdb.model.agent import AgentRecord


def runner_of(agents: Iterable[AgentRecord]) -> str | None:
    """The id of the one: connected before silent, one that may see all before one that may not, then by id.

    It says nothing of who reported last, so that two agents do not take the checks from each other.
    """
    known = [agent for agent in agents if agent.state != "revoked"]
    best = min(known, key=lambda agent: (agent.state != "connected", not agent.privileged, agent.id), default=None)
    return None if best is None else best.id
