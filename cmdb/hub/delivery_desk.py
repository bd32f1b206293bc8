"""Sends the messages that are due, each with its receipt on the timeline: again after a failure, then another way.

What was sent just before a kill may be sent again: the other side cannot be asked. What was written down is not lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cmdb.channel import NotSent, send
from cmdb.clock import Clock
from cmdb.hub.afresh import decided_afresh
from cmdb.hub.ledger import Ledger
from cmdb.hub.roster import Roster
from cmdb.hub.stirred import stirred
from cmdb.model.change import Change, Delta, Put
from cmdb.model.escalation import Delivery, DeliveryState
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.model.oncall import Channel
from cmdb.practices.delivery import FIRST_PAUSE_S, failed, sent
from cmdb.practices.escalation import advances
from cmdb.practices.incident import told
from cmdb.practices.telling import facts_of
from cmdb.store.protocol import Committed, Store

ACTOR = "hub"
AT_ONCE = 8
LONGEST_WAIT_S = 30.0
RETRY_S = 1.0
TRIES = 20
_log = logging.getLogger(__name__)
Deliver = Callable[[Channel, str, str, dict[str, Any]], str]


class DeliveryDesk:
    """Follows deliveries; `run` sends those that are due. `deliver` blocks and is called in threads."""

    def __init__(
        self, ledger: Ledger, clock: Clock, roster: Roster, deliver: Deliver = send, pause_s: float = FIRST_PAUSE_S
    ) -> None:
        self._ledger, self._clock, self._roster = ledger, clock, roster
        self._deliver, self._pause_s = deliver, pause_s
        self._pending: dict[str, Delivery] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._stirred = asyncio.Event()

    async def load(self, store: Store) -> None:
        pending = await store.find(Kind.DELIVERY, {"state": DeliveryState.PENDING})
        self._pending = {one["id"]: msgspec.convert(one, Delivery) for one in pending}
        self._stirred.set()

    async def apply(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if delta.kind is Kind.DELIVERY:
                self._take(delta)

    def stir(self) -> None:
        """Look again now."""
        self._stirred.set()

    @property
    def waiting(self) -> list[Delivery]:
        """Those whose time has not come."""
        now = self._clock.now()
        return [one for one in self._pending.values() if one.next_at is not None and one.next_at > now]

    async def run(self) -> None:
        try:
            while True:
                self._stirred.clear()
                now = self._clock.now()
                for delivery in list(self._pending.values()):
                    if len(self._under_way) >= AT_ONCE:
                        break
                    if delivery.id not in self._under_way and (delivery.next_at or now) <= now:
                        self._start(delivery)
                await stirred(self._stirred, self._wait_s())
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _start(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._send(delivery), name=f"delivery {delivery.id}")
        self._under_way[delivery.id] = task
        task.add_done_callback(lambda done: self._done(delivery.id, done))

    def _done(self, id_: str, task: asyncio.Task[None]) -> None:
        del self._under_way[id_]
        if not task.cancelled() and (error := task.exception()):
            _log.error("delivery %s is tried again: %s", id_, error)
            asyncio.get_running_loop().call_later(RETRY_S, self._stirred.set)
        else:
            self._stirred.set()

    async def _send(self, delivery: Delivery) -> None:
        incidents = [one for one in [await self._incident(number) for number in delivery.incidents] if one is not None]
        person = self._roster.directory.people.get(delivery.person)
        channels = () if person is None else person.channels
        if not delivery.notice and not any(map(advances, incidents)):
            after = msgspec.structs.replace(delivery, state=DeliveryState.HELD, next_at=None)
            words = f"{delivery.person} no more: it was answered"
        elif delivery.channel >= len(channels):
            after = msgspec.structs.replace(delivery, state=DeliveryState.FAILED, next_at=None)
            words = f"{delivery.person} could not be told: no channel is left"
        else:
            after, words = await self._over(channels[delivery.channel], delivery, incidents, len(channels))
        await self._record(after, words)

    async def _over(
        self, channel: Channel, delivery: Delivery, incidents: Sequence[Incident], channels: int
    ) -> tuple[Delivery, str]:
        names = {one.ci: await self._ledger.get(Kind.CI, one.ci) for one in incidents if one.ci}
        facts = {
            "person": delivery.person,
            "incidents": [facts_of(one, (names.get(one.ci or "") or {}).get("name", "")) for one in incidents],
        }
        try:
            receipt = await asyncio.to_thread(self._deliver, channel, delivery.title, delivery.text, facts)
        except NotSent as error:
            after = failed(delivery, self._clock.now(), str(error), channels, self._pause_s)
            return after, f"{delivery.person} not yet: {error}" + _next_words(delivery, after)
        return sent(delivery, self._clock.now(), receipt), f"{delivery.person} by {receipt}"

    async def _record(self, after: Delivery, words: str) -> None:
        """The delivery and the step of the timeline, in one batch, whoever else writes to the incident."""

        async def written() -> Committed | None:
            changes: list[Change] = [Put(Kind.DELIVERY, after, after.version)]
            for number in after.incidents:
                if (incident := await self._incident(number)) is not None:
                    changes.append(Put(Kind.INCIDENT, told(incident, self._clock.now(), words), incident.version))
            return await self._ledger.commit(changes, actor=ACTOR, reason="delivery")

        done = await decided_afresh(written, TRIES, final=lambda stale: stale.kind is Kind.DELIVERY)
        for delta in done.deltas if done else ():
            if delta.kind is Kind.DELIVERY:
                self._take(delta)

    async def _incident(self, number: int) -> Incident | None:
        document = await self._ledger.get(Kind.INCIDENT, str(number))
        return None if document is None else msgspec.convert(document, Incident)

    def _take(self, delta: Delta) -> None:
        known = self._pending.get(delta.id)
        if delta.body is None or delta.body["state"] != DeliveryState.PENDING:
            self._pending.pop(delta.id, None)
        elif known is None or known.version < delta.body["version"]:
            self._pending[delta.id] = msgspec.convert(delta.body, Delivery)
        self._stirred.set()

    def _wait_s(self) -> float:
        now: datetime = self._clock.now()
        dues = [one.next_at for one in self._pending.values() if one.next_at and one.id not in self._under_way]
        if len(self._under_way) >= AT_ONCE:
            return LONGEST_WAIT_S
        return max(0.01, min([LONGEST_WAIT_S, *((due - now).total_seconds() for due in dues)]))


def _next_words(before: Delivery, after: Delivery) -> str:
    if after.state is DeliveryState.FAILED:
        return "; no channel is left"
    if after.channel != before.channel:
        return "; the next channel is tried"
    return f"; again at {after.next_at:%Y-%m-%dT%H:%M:%SZ}" if after.next_at else ""
