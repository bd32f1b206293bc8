"""One connection with a hub, from hello to its end: four things that go on at once, and what each message does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from typing import Union

from agent.connection import ConnectionEnded, Message
from agent.key_pair import KeyPair, NoKeyMade
from agent.link import Link
from agent.resident import Resident
from agent.scanning import LOOKING_S, Said, ScanFailed, scanning
from agent.together import together
from agent.usage import cpu_s, rss_bytes
from agent.wire import (
    Ack,
    Goodbye,
    Heartbeat,
    Hello,
    KeyTaken,
    NewKey,
    Offer,
    Refusal,
    Results,
    RotateKey,
    RunCheck,
    ScanEnd,
    ScanNow,
    Want,
    Welcome,
    Work,
)

WELCOME_LIMIT_S = 30.0
WANT_LIMIT_S = 60.0
WINDOW = 64  # unconfirmed messages under way at once
_log = logging.getLogger(__name__)


async def converse(link: Link, hello: Hello, resident: Resident) -> None:
    """Until the hub or the link ends it. Raises `ConnectionEnded`, `OSError`."""
    await link.send(hello)
    messages = link.messages()
    try:
        first = await asyncio.wait_for(messages.__anext__(), WELCOME_LIMIT_S)
    except StopAsyncIteration:
        raise ConnectionEnded("the hub hung up before its welcome") from None
    except asyncio.TimeoutError:
        raise ConnectionEnded(f"the hub said nothing for {WELCOME_LIMIT_S:g} s") from None
    if isinstance(first, Refusal):
        raise ConnectionEnded(f"the hub refuses this agent: {first.why}")
    if isinstance(first, Goodbye):
        raise _said_goodbye(first)
    if not isinstance(first, Welcome):
        raise ConnectionEnded("the hub did not greet")
    talk = _Conversation(link, first, resident)
    await together(talk.listen(messages), talk.beat(), talk.replay(), talk.scan())


def _said_goodbye(message: Goodbye) -> ConnectionEnded:
    return ConnectionEnded(f"the hub said goodbye: {message.why}" if message.why else "the hub said goodbye")


class _Conversation:
    """After the welcome. Each coroutine ends only by an error or with the link."""

    def __init__(self, link: Link, welcome: Welcome, resident: Resident) -> None:
        self._link, self._welcome, self._resident = link, welcome, resident
        self._wanted: asyncio.Queue[Want] = asyncio.Queue()
        self._sent = welcome.serial
        resident.spool.forget(welcome.serial)
        resident.scans.begin(welcome.splay_s)
        resident.reconnect_s = welcome.reconnect_s

    async def listen(self, messages: AsyncIterator[Message]) -> None:
        """Act on what the hub says."""
        async for message in messages:
            if isinstance(message, Want):
                self._wanted.put_nowait(message)
            elif isinstance(message, Ack):
                self._resident.spool.forget(min(message.serial, self._sent))
                self._resident.results.news.set()
            elif isinstance(message, Work):
                self._resident.work(message)
            elif isinstance(message, RunCheck):
                if not self._resident.checks.run_now(message.check, message.run):
                    _log.info("asked to run %s, which is not among this agent's checks", message.check)
            elif isinstance(message, ScanNow):
                self._resident.scans.asked.set()
            elif isinstance(message, (RotateKey, KeyTaken)):
                await self._rotate(message)
            elif isinstance(message, Refusal):
                _log.warning("the hub did not take a message: %s: %s", message.what, message.why)
            elif isinstance(message, Goodbye):
                raise _said_goodbye(message)
        raise ConnectionEnded("the hub hung up")

    async def _rotate(self, message: Union[RotateKey, KeyTaken]) -> None:
        """Make a successor of this agent's key, or go on with it: the next connection is by the new one."""
        pair = KeyPair(self._resident.state.path)
        try:
            if isinstance(message, RotateKey):
                answer = NewKey(pair.successor())
            elif pair.succeed(message.key):
                raise ConnectionEnded("this agent has a new key and comes in by it")
            else:
                return
        except (NoKeyMade, OSError) as error:
            _log.warning("the key stays as it is: %s", error)
            return
        await self._link.send(answer)

    async def beat(self) -> None:
        """Say at the hub's pace that this agent lives, and how it does."""
        while True:
            spool, checks = self._resident.spool, self._resident.checks
            await self._link.send(
                Heartbeat(
                    at=datetime.now(timezone.utc),
                    lag_s=round(checks.lag_s, 3),
                    overdue=checks.overdue,
                    spooled=spool.waiting,
                    dropped=spool.dropped,
                    cpu_s=cpu_s(),
                    rss_bytes=rss_bytes(),
                )
            )
            await asyncio.sleep(self._welcome.heartbeat_interval_s)

    async def replay(self) -> None:
        """Send what is spooled, in order, never more at once than the hub can have in hand."""
        results = self._resident.results
        spool, news = results.spool, results.news
        while True:
            news.clear()
            room = WINDOW - (self._sent - spool.forgotten)
            for serial, payload in spool.after(self._sent, max(0, room)):
                if serial > results.kept:
                    break
                await self._link.send_encoded(Results, payload)
                self._sent = serial
            if not news.is_set():
                await news.wait()

    async def scan(self) -> None:
        """Scan when it is time or the hub asks; what goes wrong with one scan is no reason to lose the next."""
        while True:
            number = await self._resident.scans.wait()
            try:
                await self._scan_once(number)
            except (ScanFailed, OSError) as error:
                if isinstance(error, ConnectionError):
                    raise
                _log.warning("scan %d failed: %s", number, error)
            self._resident.scans.done(self._welcome.scan_interval_s)

    async def _scan_once(self, number: int) -> None:
        async with scanning(number, self._resident.state) as scan:
            await self._link.send_encoded(*await scan.message(LOOKING_S))
            scan.want(await self._answer_to(number))
            kind: Said = Offer
            while kind is not ScanEnd:
                kind, payload = await scan.message()
                await self._link.send_encoded(kind, payload)
        self._resident.state.mark_reported()

    async def _answer_to(self, number: int) -> Want:
        """What the hub wants of this scan. An answer to an earlier one, which came late, is passed over."""
        try:
            while (want := await asyncio.wait_for(self._wanted.get(), WANT_LIMIT_S)).scan != number:
                pass
        except asyncio.TimeoutError:
            raise ScanFailed("the hub did not say what it wants of it") from None
        return want
