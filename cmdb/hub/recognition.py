"""Which host a report is of: the candidates that are on record, and who of them still reports. The rules are not here.

Follows CIs for their keys and agents for their presence; a host that is decided on is known at once, so that two
reports of a new one, in the same moment, make one.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from cmdb.clock import Clock
from cmdb.identity.decide import Candidate, Identified, Observation, identify
from cmdb.identity.index import IDENTIFIED_CLASSES, KeyIndex
from cmdb.identity.keys import Keys, comparable, hosting
from cmdb.identity.rules import IdentityPolicy
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Delta
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.store.protocol import Document, Store


class _Presence(NamedTuple):
    """Where an agent was last seen."""

    host: str
    connected: bool
    last: datetime | None


class Recognition:
    """Hold `deciding` from the question until what was decided has been told by `decided`."""

    def __init__(
        self, store: Store, clock: Clock, policy: IdentityPolicy, new_host_id: Callable[[], str] | None = None
    ) -> None:
        self._store, self._clock, self._policy = store, clock, policy
        self.new_host_id = new_host_id or (lambda: f"host-{secrets.token_hex(5)}")
        self._index = KeyIndex()
        self._agents: dict[str, _Presence] = {}
        self._agents_of: dict[str, set[str]] = {}
        self._coming: dict[str, ConfigurationItem] = {}  # decided on, and not yet in the store
        self._reported: dict[str, datetime] = {}
        self._connections: dict[str, tuple[datetime | None, str]] = {}
        self._lock = asyncio.Lock()

    async def load(self, store: Store) -> None:
        self._index = KeyIndex()
        for class_ in sorted(IDENTIFIED_CLASSES):
            for document in await store.find(Kind.CI, {"class": class_}):
                self._index.put(msgspec.convert(document, ConfigurationItem))
        self._agents, self._agents_of = {}, {}
        for document in await store.find(Kind.AGENT):
            self._take_agent(document["id"], document)

    async def apply(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if delta.kind is Kind.AGENT:
                self._take_agent(delta.id, delta.body)
            elif delta.kind is Kind.CI:
                self._take_ci(delta.id, delta.body)

    def deciding(self) -> AbstractAsyncContextManager[Any]:
        """One decision at a time: what the one made, the next must see."""
        return self._lock

    async def guest(self, keys: Mapping[str, Any]) -> ConfigurationItem | None:
        """The host that reports from inside of a virtual machine with these keys; None where none does, or several."""
        candidates = [one for one in await self._candidates(comparable(keys), "") if one.ci.class_ == "host"]
        return identify(Observation(keys), candidates, self._clock.now(), self._policy).ci

    async def identify(self, agent: AgentRecord, keys: Mapping[str, Any], *, in_container: bool) -> Identified:
        """Which host on record has these keys."""
        connected_at, host = self._connections.get(agent.id, (None, ""))
        observation = Observation(
            keys, in_container, continues=host if host and connected_at == agent.connected_at else None
        )
        found = await self._candidates(comparable(keys, in_container=in_container), agent.id)
        return identify(observation, found, self._clock.now(), self._policy)

    async def home(self, keys: Mapping[str, Any]) -> ConfigurationItem | None:
        """The host of a container that reads these keys; None where none or several have them."""
        found = [candidate.ci for candidate in await self._candidates(hosting(keys), "")]
        hosts = [ci for ci in found if ci.class_ == "host" and "container" not in ci.keys]
        return hosts[0] if len(hosts) == 1 else None

    def decided(self, agent: AgentRecord, host: ConfigurationItem) -> None:
        """This agent reports this host."""
        self._index.put(host)
        if host.version == 0:
            self._coming[host.id] = host
        self._reported[host.id] = self._clock.now()
        self._connections[agent.id] = (agent.connected_at, host.id)

    async def _candidates(self, keys: Keys, agent_id: str) -> list[Candidate]:
        found = [await self._ci(id_) for id_ in sorted(self._index.find(keys))]
        return [Candidate(ci, self._last_report(ci.id, agent_id)) for ci in found if ci is not None]

    async def _ci(self, id_: str) -> ConfigurationItem | None:
        document = await self._store.get(Kind.CI, id_)
        return self._coming.get(id_) if document is None else msgspec.convert(document, ConfigurationItem)

    def _last_report(self, host: str, but_agent: str) -> datetime | None:
        """When the host was last heard of; now, where another agent is connected that reports it."""
        moments = [self._reported.get(host)]
        for id_ in self._agents_of.get(host, ()):
            presence = self._agents[id_]
            moments.append(self._clock.now() if presence.connected and id_ != but_agent else presence.last)
        return max((moment for moment in moments if moment is not None), default=None)

    def _take_ci(self, id_: str, body: Document | None) -> None:
        self._coming.pop(id_, None)
        if body is None:
            self._index.remove(id_)
        elif body["class"] in IDENTIFIED_CLASSES:
            self._index.put(msgspec.convert(body, ConfigurationItem))

    def _take_agent(self, id_: str, body: Document | None) -> None:
        if (before := self._agents.pop(id_, None)) is not None:
            self._agents_of[before.host].discard(id_)
        if body is None or body["host"] is None:
            return
        last = max((moment for moment in (body["last_heard"], body["last_report"]) if moment), default=None)
        self._agents[id_] = _Presence(body["host"], body["state"] == "connected", last)
        self._agents_of.setdefault(body["host"], set()).add(id_)
