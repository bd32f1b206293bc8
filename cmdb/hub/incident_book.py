"""The open incidents in memory: which check and which CI is part of which, kept from deltas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from cmdb.model.change import Delta
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.practices.correlation import Standing
from cmdb.practices.incident_state import FINISHED, State
from cmdb.store.protocol import Document, Store

FEW_EFFECTS = 20


def without_effects(incident: Document) -> Document:
    """For a list: how many checks it is about. In a storm they are thousands, and `incident.show` has them."""
    row = {name: value for name, value in incident.items() if name != "effects"}
    return row | {"affected": len(incident["effects"])}


def with_few_effects(incident: Document) -> Document:
    """For a window that shows it beside others: the first of them, which are its causes."""
    return {**incident, "effects": incident["effects"][:FEW_EFFECTS], "affected": len(incident["effects"])}


class IncidentBook:
    """Resolved incidents are no more than rows in it: what is about them opens them again, or new ones."""

    def __init__(self) -> None:
        self._open: dict[str, Incident] = {}
        self.standings: dict[int, Standing] = {}
        self._by_check: dict[str, str] = {}
        self._rows: dict[str, Document] = {}

    async def load(self, store: Store) -> None:
        self._open.clear()
        self._by_check.clear()
        self._rows.clear()
        self.standings.clear()
        for document in await store.find(Kind.INCIDENT, matching=lambda one: one["state"] != State.CLOSED):
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

    def rows(self) -> list[Document]:
        """What is not closed, without effects."""
        return list(self._rows.values())

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
        known = self._rows.get(id_)
        if known is not None and body is not None and body["version"] <= known["version"]:
            return
        self._forget(id_)
        if body is None or body["state"] == State.CLOSED:
            return
        self._rows[id_] = without_effects(body)
        if body["state"] in FINISHED:
            return
        incident = msgspec.convert(body, Incident)
        self._open[id_] = incident
        standing = self.standings[incident.number] = Standing(incident)
        for check in standing.recovered:
            self._by_check.setdefault(check, id_)
        self._by_check.update(dict.fromkeys(standing.bad, id_))

    def _forget(self, id_: str) -> None:
        self._rows.pop(id_, None)
        if self._open.pop(id_, None) is None:
            return
        standing = self.standings.pop(int(id_))
        for check in (*standing.bad, *standing.recovered):
            if self._by_check.get(check) == id_:
                del self._by_check[check]
