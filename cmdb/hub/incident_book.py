"""The open incidents in memory: which check and which CI is part of which, kept from deltas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from cmdb.model.change import Delta
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.store.protocol import Document, Store

FINISHED = frozenset({"resolved", "closed"})


class IncidentBook:
    """Resolved incidents leave it: what is about them opens them again, or new ones."""

    def __init__(self) -> None:
        self._open: dict[str, Incident] = {}
        self._by_check: dict[str, str] = {}

    async def load(self, store: Store) -> None:
        self._open.clear()
        self._by_check.clear()
        for document in await store.find(Kind.INCIDENT, matching=lambda one: one["state"] not in FINISHED):
            self._take(document["id"], document)

    async def apply(self, deltas: Sequence[Delta]) -> None:
        self.take(deltas)

    def take(self, deltas: Iterable[Delta]) -> None:
        """What was just written, for who must not wait for the subscription."""
        for delta in deltas:
            if delta.kind is Kind.INCIDENT:
                self._take(delta.id, delta.body)

    def __iter__(self) -> Iterator[Incident]:
        return iter(list(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    def has(self, number: int) -> bool:
        """Whether this incident is open."""
        return str(number) in self._open

    def of_check(self, check: str) -> Incident | None:
        """The open incident that this check is part of."""
        id_ = self._by_check.get(check)
        return self._open.get(id_) if id_ else None

    def number_of(self, check: str) -> int | None:
        incident = self.of_check(check)
        return None if incident is None else incident.number

    def _take(self, id_: str, body: Document | None) -> None:
        if before := self._open.get(id_):
            if body is not None and body["version"] < before.version:
                return
            for effect in before.effects:
                if self._by_check.get(effect.check) == id_:
                    del self._by_check[effect.check]
            del self._open[id_]
        if body is None or body["state"] in FINISHED:
            return
        incident = msgspec.convert(body, Incident)
        self._open[id_] = incident
        for effect in incident.effects:
            if effect.recovered_at is None or effect.check not in self._by_check:
                self._by_check[effect.check] = id_
