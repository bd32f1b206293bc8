"""What the hub keeps at hand, as it was at a moment: loaded from the record of then, for one answer, and let go.

Only what is on record: which items were in maintenance is not among it, so those count by what their checks said.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cmdb.graph.graph import Graph
from cmdb.hub.census import Census
from cmdb.hub.graph_keeper import GraphKeeper
from cmdb.hub.hub import Hub
from cmdb.hub.rows import StateOf
from cmdb.hub.services import Services
from cmdb.model.kind import Kind
from cmdb.store.protocol import Document, Predicate, Store


class Known(NamedTuple):
    """Services with their members, the graph of trouble, and how each CI is (or was)."""

    services: Services
    graph: Graph
    state_of: StateOf


class StoreThen:
    """The records of a store as of a moment, for what is loaded from it."""

    def __init__(self, store: Store, at: datetime) -> None:
        self._store, self._at = store, at

    async def find(
        self, kind: Kind, equals: Mapping[str, Any] | None = None, matching: Predicate | None = None
    ) -> list[Document]:
        return await self._store.find(kind, equals, matching, at=self._at)


async def known_at(hub: Hub, at: datetime | None) -> Known:
    """As it is now where no moment is named. Raises `Forgotten`."""
    if at is None:
        return Known(hub.services, hub.topology.graph, hub.census.state_of)
    then = StoreThen(hub.store, at)
    services, topology, census = Services(hub.ledger, hub.clock), GraphKeeper(), Census()
    for follower in (services, topology, census):
        await follower.load(then)
    return Known(services, topology.graph, census.state_of)
