"""The graph of trouble beside the store: loaded once, then kept up by deltas."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cmdb.graph.graph import Graph
from cmdb.model.change import Delta
from cmdb.model.kind import Kind
from cmdb.store.protocol import Finder


class GraphKeeper:
    """`graph` is of the record as it is now, or of the moment before the last batch."""

    def __init__(self) -> None:
        self.graph = Graph()

    async def load(self, store: Finder) -> None:
        graph = Graph()
        for ci in await store.find(Kind.CI):
            graph.put_ci(ci)
        for relation in await store.find(Kind.RELATION):
            graph.put_relation(relation)
        self.graph = graph

    def explains(self, down: Collection[str], ci: str) -> bool:
        """Whether this CI goes down with those that are, as the graph is now."""
        return self.graph.explains(down, ci)

    async def apply(self, deltas: Sequence[Delta]) -> None:
        self.graph.apply(deltas)
