"""Incidents on record: read, numbered, changed as they are at that moment, with what they are made of.

Not what is to be done about them: people and `IncidentDesk` say that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec

from cmdb.hub.afresh import decided_afresh
from cmdb.hub.incident_book import IncidentBook
from cmdb.hub.ledger import Ledger
from cmdb.hub.rows import effects_of
from cmdb.model.change import Change, Put
from cmdb.model.counter import Counter
from cmdb.model.effect import Effect
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.practices.correlation import moved
from cmdb.practices.incident import HUB, Rule, merged, took_over
from cmdb.practices.incident_opening import Past
from cmdb.practices.incident_state import FINISHED
from cmdb.store.protocol import StaleVersion

TRIES = 100  # each loser of a race reads again; fifty may act at once
_COUNTER = "incident"


class IncidentRecord:
    """What it writes is in the book at once. `timed` gives an incident its due times before it is written."""

    def __init__(self, ledger: Ledger, book: IncidentBook, timed: Callable[[Incident], Incident]) -> None:
        self._ledger, self._book, self._timed = ledger, book, timed

    async def change(
        self, number: int, rule: Rule, *, actor: str, reason: str, expected: int | None = None
    ) -> Incident:
        """Let somebody act on an incident, as it is at that moment.

        Raises `KeyError` when there is none, `StaleVersion` when it is not at `expected`, and what the rule raises.
        """

        async def changed() -> Incident:
            incident = await self.read(number)
            if incident is None:
                raise KeyError(number)
            if expected is not None and expected != incident.version:
                raise StaleVersion(Kind.INCIDENT, incident.id, expected, incident.version, incident.body())
            after = self._timed(rule(incident))
            await self._commit([Put(Kind.INCIDENT, after, incident.version)], actor, reason)
            return msgspec.structs.replace(after, version=incident.version + 1)

        return await decided_afresh(changed, TRIES, final=lambda _stale: expected is not None)

    async def open(self, make: Callable[[int], Incident], *, actor: str, reason: str) -> Incident:
        """A new incident with the next number."""

        async def opened() -> Incident:
            counter = await self._counter()
            incident = self._timed(make(counter.value + 1))
            changes = [_counted(counter, incident.number), Put(Kind.INCIDENT, incident, 0)]
            await self._commit(changes, actor, reason)
            return msgspec.structs.replace(incident, version=1)

        return await decided_afresh(opened, TRIES)

    async def merge(self, number: int, into: int, *, who: str, at: datetime, why: str) -> Incident:
        """Close an incident as a part of another, which has its effects from then on. Raises `StaleVersion`."""
        one, other = await self.read(number), await self.read(into)
        if one is None or other is None:
            raise KeyError(number)
        known = {effect.check for effect in await self._effects(into)}
        gained = moved([effect for effect in await self._effects(number) if effect.check not in known], into)
        taker = self._timed(took_over(other, who, at, one, gained))
        changes = [
            Put(Kind.INCIDENT, merged(one, who, at, into, why), one.version),
            Put(Kind.INCIDENT, taker, other.version),
            *(Put(Kind.EFFECT, effect, 0) for effect in gained),
        ]
        await self._commit(changes, who, why)
        return msgspec.structs.replace(taker, version=other.version + 1)

    async def write(self, incidents: Iterable[Incident], effects: Iterable[Effect], last: int, *, reason: str) -> None:
        """All of what the hub decided, or nothing of it; `last` is the highest number now. Raises `StaleVersion`."""
        counter = await self._counter()
        changes: list[Change] = [Put(Kind.INCIDENT, self._timed(one), one.version) for one in incidents]
        changes += [Put(Kind.EFFECT, one, one.version) for one in effects]
        if last > counter.value:
            changes.append(_counted(counter, last))
        await self._commit(changes, HUB, reason)

    async def read(self, number: int) -> Incident | None:
        document = await self._ledger.get(Kind.INCIDENT, str(number))
        return None if document is None else msgspec.convert(document, Incident)

    async def newest_past(self, key: str) -> Past | None:
        """The newest incident of this key that is over."""
        found = await self._ledger.store.find(Kind.INCIDENT, {"key": key}, lambda one: one["state"] in FINISHED)
        if not found:
            return None
        newest = msgspec.convert(max(found, key=lambda one: one["number"]), Incident)
        return Past(newest, {effect.check: effect for effect in await self._effects(newest.number)})

    async def next_number(self) -> int:
        return (await self._counter()).value + 1

    async def _effects(self, number: int) -> list[Effect]:
        return msgspec.convert(await effects_of(self._ledger.store, number), list[Effect])

    async def _counter(self) -> Counter:
        document = await self._ledger.get(Kind.COUNTER, _COUNTER)
        return Counter(id=_COUNTER) if document is None else msgspec.convert(document, Counter)

    async def _commit(self, changes: Sequence[Change], actor: str, reason: str) -> None:
        done = await self._ledger.commit(changes, actor=actor, reason=reason)
        if done is not None:
            # At once, not with the subscription: the next decision stands on it.
            self._book.take(done.deltas)


def _counted(counter: Counter, value: int) -> Put:
    return Put(Kind.COUNTER, msgspec.structs.replace(counter, value=value), counter.version)
