"""Keeps the relations that connections show: what agents observe against where everything is, as both change.

Observations are held in memory while their agent is connected; an agent that comes is asked for them whole.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import msgspec

from agent.discovery.sections import OBSERVATIONS
from agent.wire import Item
from cmdb.clock import Clock
from cmdb.dependencies.edges import edges
from cmdb.dependencies.evidence import OBSERVED, SAMPLE_EVERY
from cmdb.dependencies.observation import Observation, observations
from cmdb.dependencies.places import CLASSES, Places
from cmdb.dependencies.relations import TYPES, changes, is_forgotten, unused
from cmdb.hub.ledger import Ledger
from cmdb.hub.stirred import stirred
from cmdb.model.change import Change, Delta, Remove
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.model.relation import Relation
from cmdb.practices.redundancy import DECLARED, group_of
from cmdb.store.protocol import Document, StaleVersion, Store, StoreError

ACTOR = "hub"
GATHER_S = 1.0  # what changes together is looked at together
RETRY_S = 5.0
_log = logging.getLogger(__name__)


class DependencyWatch:
    """Follows CIs and agents; `observe` is told of each report's connections; `run` writes what they mean."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock
        self._places = Places()
        self._hosts: dict[str, str] = {}  # of connected agents, by agent
        self._seen: dict[str, list[Observation]] = {}
        self._asking: dict[str, set[str]] = defaultdict(set)  # agents by the address of a peer or their own host
        self._dirty: set[str] = set()
        self._stirred = asyncio.Event()

    async def load(self, store: Store) -> None:
        self._places = Places()
        for class_ in CLASSES:
            for document in await store.find(Kind.CI, {"class": class_}):
                self._places.put(document)
        for agent in await store.find(Kind.AGENT):
            self._take_agent(agent["id"], agent)
        self._stir(self._seen)

    async def apply(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if delta.kind is Kind.CI:
                self._take_ci(delta)
            elif delta.kind is Kind.AGENT:
                self._take_agent(delta.id, delta.body)

    def lacks(self, agent_id: str) -> Collection[str]:
        """The sections that this agent is to send whole, whatever the record says of their digest."""
        return () if agent_id in self._seen else OBSERVATIONS

    def observe(self, agent_id: str, items: Iterable[Item]) -> None:
        """The connection section of this agent's report, whole."""
        self._forget(agent_id)
        self._seen[agent_id] = observations(items)
        for seen in self._seen[agent_id]:
            self._asking[seen.address].add(agent_id)
        self._stir([agent_id])

    async def run(self) -> None:
        """Write what is new soon, and once an hour what lasts and what is forgotten. Until cancelled."""
        while True:
            await stirred(self._stirred, SAMPLE_EVERY.total_seconds())
            await asyncio.sleep(GATHER_S)
            whole = not self._stirred.is_set()
            self._stirred.clear()
            try:
                await self.write(whole=whole)
            except (StoreError, StaleVersion) as error:
                _log.warning("dependencies are looked at again in %g s: %s", RETRY_S, error)
                await asyncio.sleep(RETRY_S)
                self._stir(self._seen)

    async def write(self, *, whole: bool = False) -> None:
        """Bring the record's relations up to what is seen: of those that changed, or of all."""
        some_ended = False
        for agent_id in sorted(self._seen if whole else self._dirty):
            self._dirty.discard(agent_id)
            if agent_id in self._seen and agent_id in self._hosts:
                some_ended |= await self._map(agent_id, self._hosts[agent_id])
        if whole:
            await self._commit(await self._forgotten(), "connections long unseen")
        if whole or some_ended:
            await self._commit(await self._unused(), "no connections with it")

    async def _map(self, agent_id: str, host: str) -> bool:
        """Whether a relation ended by it."""
        found = edges(host, self._seen[agent_id], self._places)
        on_record = await self._relations_of(host)
        externals = {edge.external.id for edge in found if edge.external is not None}
        known = [await self._ledger.get(Kind.CI, id_) for id_ in sorted(externals)]
        by_id = {document["id"]: _ci(document) for document in known if document is not None}
        wanted = changes(found, on_record, by_id, host, self._clock.now())
        await self._commit(wanted, f"connections of {host}")
        return any(isinstance(change, Remove) for change in wanted)

    async def _relations_of(self, host: str) -> list[Relation]:
        found: dict[str, Relation] = {}
        for software in self._places.all_software(host):
            for end in ("source", "target"):
                for document in await self._ledger.store.find(Kind.RELATION, {end: software}):
                    if document["evidence"].get("source") in (OBSERVED, DECLARED):
                        found[document["id"]] = msgspec.convert(document, Relation)
        return list(found.values())

    async def _forgotten(self) -> list[Change]:
        now = self._clock.now()
        found: list[Change] = []
        for type_ in TYPES:
            for document in await self._ledger.store.find(Kind.RELATION, {"type": type_}, _is_observed):
                relation = msgspec.convert(document, Relation)
                if is_forgotten(relation, now) and group_of(relation) is None:
                    found.append(Remove(Kind.RELATION, document["id"], document["version"]))
        return found

    async def _unused(self) -> list[Change]:
        externals = [
            _ci(one) for one in await self._ledger.store.find(Kind.CI, {"class": "external", "status": "in_use"})
        ]
        externals = [external for external in externals if external.sources.keys() == {OBSERVED}]
        used = set()
        for external in externals:
            for end in ("source", "target"):
                if await self._ledger.store.find(Kind.RELATION, {end: external.id}):
                    used.add(external.id)
        return unused(externals, frozenset(used))

    async def _commit(self, wanted: Sequence[Change], reason: str) -> None:
        if wanted:
            await self._ledger.commit(wanted, actor=ACTOR, reason=reason)

    def _take_ci(self, delta: Delta) -> None:
        if delta.body is None:
            touched = self._places.drop(delta.id)
        elif delta.body["class"] in CLASSES:
            touched = self._places.put(delta.body)
        else:
            return
        agents = {agent_id for name in touched for agent_id in self._asking.get(name, ())}
        agents.update(agent_id for agent_id, host in self._hosts.items() if host in touched and agent_id in self._seen)
        self._stir(agents)

    def _take_agent(self, agent_id: str, agent: Document | None) -> None:
        if agent is None or agent["state"] != "connected":
            self._hosts.pop(agent_id, None)
            self._forget(agent_id)
        elif agent["host"] and self._hosts.get(agent_id) != agent["host"]:
            self._hosts[agent_id] = agent["host"]
            self._stir([agent_id])

    def _forget(self, agent_id: str) -> None:
        for seen in self._seen.pop(agent_id, ()):
            self._asking[seen.address].discard(agent_id)
            if not self._asking[seen.address]:
                del self._asking[seen.address]

    def _stir(self, agents: Iterable[str]) -> None:
        self._dirty.update(agents)
        if self._dirty:
            self._stirred.set()


def _is_observed(document: Document) -> bool:
    return bool(document["evidence"].get("source") == OBSERVED)


def _ci(document: Document) -> ConfigurationItem:
    return msgspec.convert(document, ConfigurationItem)
