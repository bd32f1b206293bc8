"""What a CI depends on, near and far, and how: walked through the store's relations, remembered until they change."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.model.kind import Kind
from cmdb.practices.topology import REVERSED, dependency
from cmdb.store.protocol import Document, Store

DEEPEST = 8
MOST = 500


class Upstream:
    """`of(ci)` maps each CI that this one depends on to words that say how, nearest first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, dict[str, tuple[int, str]]] = {}

    def forget(self) -> None:
        """Relations changed."""
        self._known.clear()

    async def of(self, ci: str) -> Mapping[str, str]:
        return {target: how for target, (_distance, how) in (await self._of(ci)).items()}

    async def distances(self, ci: str) -> Mapping[str, int]:
        """How many relations away each CI is that this one depends on."""
        return {target: distance for target, (distance, _how) in (await self._of(ci)).items()}

    async def _of(self, ci: str) -> dict[str, tuple[int, str]]:
        if ci not in self._known:
            self._known[ci] = await self._walk(ci)
        return self._known[ci]

    async def owner(self, ci: Document) -> str:
        """What the CI is one side of: an endpoint of the software that listens there, else itself."""
        if ci["class"] == "endpoint":
            for relation in await self._store.find(Kind.RELATION, {"target": ci["id"], "type": "listens_on"}):
                return str(relation["source"])
        return str(ci["id"])

    async def _walk(self, start: str) -> dict[str, tuple[int, str]]:
        found: dict[str, tuple[int, str]] = {}
        paths: dict[str, tuple[str, ...]] = {start: ()}
        edge = [start]
        for _ in range(DEEPEST):
            edge = [each for ci in edge for each in await self._step(ci, paths, found)]
            if not edge or len(found) > MOST:
                break
        return found

    async def _step(self, ci: str, paths: dict[str, tuple[str, ...]], found: dict[str, tuple[int, str]]) -> list[str]:
        document = await self._store.get(Kind.CI, ci)
        name = ci if document is None else document["name"]
        new = []
        for target in await self._direct(ci, document):
            if target in paths:
                continue
            paths[target] = (*paths[ci], name)
            first, *through = paths[target]
            target_name = await self._name(target)
            how = f"{first} depends on {target_name}" + (f" through {', '.join(through)}" if through else "")
            found[target] = len(paths[target]), how
            new.append(target)
        return new

    async def _direct(self, ci: str, document: Document | None) -> list[str]:
        """What it depends on directly: by its relations, and the host that it lives on."""
        found = []
        for relation in await self._store.find(Kind.RELATION, {"source": ci}):
            target = await self._store.get(Kind.CI, relation["target"])
            edge = dependency(relation, None if target is None else target["class"])
            if edge is not None and edge[0] == ci:
                found.append(edge[1])
        for type_ in REVERSED:
            found += [
                relation["source"] for relation in await self._store.find(Kind.RELATION, {"target": ci, "type": type_})
            ]
        if document is not None and document.get("host") not in {None, ci, *found}:
            found.append(document["host"])
        return found

    async def _name(self, ci: str) -> str:
        document = await self._store.get(Kind.CI, ci)
        return ci if document is None else str(document["name"])
