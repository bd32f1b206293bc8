"""The incidents that are not closed in memory, with what they are made of: which check is part of which open one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from cmdb.hub.rows import effects_of
from cmdb.model.change import Delta
from cmdb.model.effect import Effect
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.practices.incident_effects import Effects
from cmdb.practices.incident_state import State
from cmdb.store.protocol import Document, Store

FEW_EFFECTS = 20


class IncidentBook:
    """Kept from deltas. Resolved incidents are no more than rows in it: trouble reopens them, or opens new ones.

    `effects` are by incident, `resolved` says since when those are that are not closed yet.
    """

    def __init__(self) -> None:
        self.effects: dict[int, Effects] = {}
        self.resolved: dict[int, datetime] = {}
        self._open: dict[int, Incident] = {}
        self._by_check: dict[str, int] = {}
        self._rows: dict[int, Document] = {}
        self._closed: dict[int, int] = {}  # at these versions, until the subscription has told them, too

    async def load(self, store: Store) -> None:
        incidents = await store.find(Kind.INCIDENT, matching=lambda one: one["state"] != State.CLOSED)
        effects = {one["number"]: await effects_of(store, one["number"]) for one in incidents}
        for kept in (self.effects, self.resolved, self._open, self._by_check, self._rows, self._closed):
            kept.clear()
        for document in incidents:
            number = document["number"]
            self.effects[number] = Effects(msgspec.convert(effects[number], list[Effect]))
            self._take(document["id"], document)

    async def apply(self, deltas: Sequence[Delta]) -> None:
        self.take(deltas)

    def take(self, deltas: Iterable[Delta]) -> None:
        """What was just written, for who must not wait for the subscription."""
        for delta in deltas:
            if delta.kind is Kind.INCIDENT:
                self._take(delta.id, delta.body)
            elif delta.kind is Kind.EFFECT and delta.body is not None:
                self._take_effect(msgspec.convert(delta.body, Effect))

    def __iter__(self) -> Iterator[Incident]:
        return iter(list(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    def rows(self) -> list[Document]:
        """What is not closed."""
        return list(self._rows.values())

    def has(self, number: int) -> bool:
        """Whether this incident is open."""
        return number in self._open

    def of_check(self, check: str) -> Incident | None:
        """The open incident that this check is part of."""
        number = self._by_check.get(check)
        return None if number is None else self._open.get(number)

    def number_of(self, check: str) -> int | None:
        incident = self.of_check(check)
        return None if incident is None else incident.number

    def effects_of(self, number: int) -> Effects:
        """What it is made of: nothing of an incident that is closed, or that somebody opened by hand."""
        return self.effects.get(number) or Effects()

    def first_effects(self, number: int) -> list[Effect]:
        """The first `FEW_EFFECTS` of them, its causes before others."""
        return list(itertools.islice(self.effects_of(number), FEW_EFFECTS))

    def _take(self, id_: str, body: Document | None) -> None:
        number = int(id_)
        if body is not None and not self._is_news(number, body["version"]):
            return
        was_open = self._open.pop(number, None) is not None
        self._rows.pop(number, None)
        self.resolved.pop(number, None)
        if body is not None and body["state"] != State.CLOSED:
            self._rows[number] = body
            if body["state"] == State.RESOLVED:
                self.resolved[number] = body["resolved_at"]
            else:
                self._open[number] = msgspec.convert(body, Incident)
        if was_open != self.has(number):
            self._count_in(number) if self.has(number) else self._count_out(number)
        if number not in self._rows:
            self.effects.pop(number, None)
            if body is not None:
                self._closed[number] = body["version"]

    def _is_news(self, number: int, version: int) -> bool:
        """What was taken at once comes once more, by the subscription; what is closed is not opened by that."""
        if number in self._rows:
            return version > int(self._rows[number]["version"])
        closed = self._closed.get(number, 0)
        if version == closed:
            del self._closed[number]
        return version > closed

    def _take_effect(self, effect: Effect) -> None:
        number = effect.incident
        if number not in self._rows:
            return  # it has been closed since
        effects = self.effects.setdefault(number, Effects())
        known = effects.all.get(effect.check)
        if known is None or effect.version > known.version:
            effects.take(effect)
            self._count(effect)

    def _count_in(self, number: int) -> None:
        for effect in self.effects_of(number):
            self._count(effect)

    def _count(self, effect: Effect) -> None:
        """Of two open incidents a check is part of the one where it is bad."""
        if self.has(effect.incident) and effect.recovered_at is None:
            self._by_check[effect.check] = effect.incident
        elif self.has(effect.incident):
            self._by_check.setdefault(effect.check, effect.incident)

    def _count_out(self, number: int) -> None:
        for check in self.effects_of(number).all:
            if self._by_check.get(check) == number:
                del self._by_check[check]
