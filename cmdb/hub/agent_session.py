"""One agent's connection at the hub, from its hello to its end: what each message does. Not the sockets."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable

from agent.connection import ConnectionEnded, Message
from agent.discovery.clean import clean_text
from agent.link import Link
from agent.wire import (
    Ack,
    CheckResult,
    Goodbye,
    Heartbeat,
    KeyTaken,
    NewKey,
    Offer,
    Refusal,
    Results,
    RotateKey,
    RunCheck,
    ScanEnd,
    ScanNow,
    Section,
    Work,
)
from cmdb.clock import Clock
from cmdb.hub.ingest import Ingest, Refused
from cmdb.hub.intake import Intake, Unfit
from cmdb.hub.key_ring import KeyRing
from cmdb.hub.live_agent import LiveAgent

SCAN_LIMIT_S = 120.0
_log = logging.getLogger(__name__)
Reported = Callable[[LiveAgent], Awaitable[None]]


class AgentSession:
    """After the greeting. `rooms` bounds how many scans come in at once in the whole hub: the rest wait their turn."""

    def __init__(
        self,
        link: Link,
        live: LiveAgent,
        ingest: Ingest,
        clock: Clock,
        *,
        rooms: asyncio.Semaphore,
        reported: Reported,
        keys: KeyRing,
    ) -> None:
        self._link, self.live, self._ingest, self._clock = link, live, ingest, clock
        self._rooms, self._reported, self._keys = rooms, reported, keys
        self._intake: Intake | None = None
        self._has_room = False
        self._runs: dict[int, asyncio.Future[CheckResult]] = {}
        self._last_run = 0
        self._work: Work | None = None
        self._handlers: dict[type, Callable[..., Awaitable[None]]] = {
            Heartbeat: self._heartbeat,
            Offer: self._offer,
            Section: self._section,
            ScanEnd: self._scan_end,
            Results: self._results,
            NewKey: self._new_key,
            Refusal: self._refusal,
            Goodbye: self._goodbye,
        }

    async def run(self, messages: AsyncIterator[Message]) -> None:
        """Act on what the agent says until it ends. Raises `ConnectionEnded`, `OSError`."""
        try:
            async for message in messages:
                self.live.last_heard = self._clock.now()
                self.live.heard_s = math.inf  # while the hub is busy with it, it is not silent
                await self._handlers[type(message)](message)
                self.live.heard_s = asyncio.get_running_loop().time()
        finally:
            self._leave_room()
            for waiting in self._runs.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionEnded("the agent is gone"))

    async def scan_now(self) -> None:
        """Ask for a scan."""
        await self._link.send(ScanNow())

    async def rotate_key(self) -> None:
        """Have it make itself a new key."""
        await self._link.send(RotateKey())

    async def assign(self, work: Work) -> None:
        """Give it the checks that it is to run, if they are others than it has."""
        if self._work is None or self._work.checks != work.checks:
            self._work = work
            await self._link.send(work)

    async def run_check(self, check_id: str, limit_s: float) -> CheckResult:
        """Have a check run now; its result when it is on record. Raises `TimeoutError`."""
        self._last_run += 1
        waiting = self._runs[self._last_run] = asyncio.get_running_loop().create_future()
        try:
            await self._link.send(RunCheck(check_id, self._last_run))
            return await asyncio.wait_for(waiting, limit_s)
        finally:
            self._runs = {run: future for run, future in self._runs.items() if future is not waiting}

    async def end(self, why: str) -> None:
        """Say goodbye and close; the peer may take or leave it."""
        try:
            await self._link.send(Goodbye(why))
        except (ConnectionEnded, OSError):
            _log.debug("agent %s was gone before its goodbye", self.live.agent_id)
        self._link.close()

    async def _heartbeat(self, message: Heartbeat) -> None:
        figures = (message.lag_s, message.cpu_s, message.overdue, message.spooled, message.dropped, message.rss_bytes)
        if all(0 <= figure < math.inf for figure in figures):
            self.live.heartbeat = message
        else:
            await self._link.send(Refusal("heartbeat", "a figure of it is below zero, or none"))

    async def _offer(self, message: Offer) -> None:
        self._leave_room()
        self._intake = None
        try:
            want = await self._ingest.want(self.live.agent_id, message)
        except Unfit as unfit:
            await self._link.send(Refusal("offer", str(unfit)))
            return
        if want.sections:
            await self._rooms.acquire()
            self._has_room = True
        loop = asyncio.get_running_loop()
        self._intake = Intake(message, want, loop.time(), self._link.connection.received_bytes)
        if self._has_room:
            self._room_timer = loop.call_later(SCAN_LIMIT_S, self._link.close)
        await self._link.send(want)

    async def _section(self, message: Section) -> None:
        if self._intake is None:
            return  # the rest of a scan that was refused already
        try:
            self._intake.take(message, self._link.connection.received_bytes)
        except Unfit as unfit:
            await self._refuse_scan("section", unfit)

    async def _scan_end(self, message: ScanEnd) -> None:
        intake, self._intake = self._intake, None
        if intake is None:
            return
        try:
            await self._ingest.report(self.live.agent_id, intake.finished(message, self._clock.now()))
        except (Unfit, Refused) as reason:
            await self._refuse_scan("scan_end", reason)
            return
        finally:
            self._leave_room()
        self.live.last_report = self._clock.now()
        await self._reported(self.live)

    async def _refuse_scan(self, what: str, reason: Exception) -> None:
        self._intake = None
        self._leave_room()
        _log.warning("a scan of agent %s was refused: %s", self.live.name, reason)
        await self._link.send(Refusal(what, str(reason)))

    def _leave_room(self) -> None:
        if self._has_room:
            self._has_room = False
            self._room_timer.cancel()
            self._rooms.release()

    async def _results(self, message: Results) -> None:
        steps = await self._ingest.results(self.live.agent_id, message)
        await self._link.send(Ack(message.serial))
        for came in message.changes:
            waiting = self._runs.get(came.run or 0)
            if waiting is not None and not waiting.done():
                taken = next((step.came for step in steps if step.came and step.came.run == came.run), None)
                waiting.set_result(taken or came)

    async def _new_key(self, message: NewKey) -> None:
        try:
            taken = await self._keys.take(self.live.agent_id, message.key)
        except Refused as reason:
            await self._link.send(Refusal("new_key", str(reason)))
            return
        await self._link.send(KeyTaken(taken))

    async def _refusal(self, message: Refusal) -> None:
        _log.warning("agent %s did not take %s: %s", self.live.name, clean_text(message.what), clean_text(message.why))

    async def _goodbye(self, message: Goodbye) -> None:
        raise ConnectionEnded(f"it said goodbye: {clean_text(message.why)}")
