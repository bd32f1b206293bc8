"""The hub's end of all agents: who is connected, over whatever stream, and what the hub asks of them.

A stream is any pair of reader and writer: the Unix socket of the own machine here, SSH channels from the front door.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from agent.connection import Connection, ConnectionEnded, Message, Side
from agent.link import Link, Reader, Writer
from agent.unix_socket import listen
from agent.wire import PROTOCOL, CheckResult, Goodbye, Hello, Refusal, Welcome, Work
from checks import __version__
from cmdb.clock import Clock
from cmdb.config import AgentSection
from cmdb.hub.agent_session import AgentSession
from cmdb.hub.ingest import Ingest, Refused
from cmdb.hub.key_ring import KeyRing
from cmdb.hub.live_agent import LiveAgent, Origin
from cmdb.model.kind import Kind
from cmdb.store.protocol import Store, StoreError

HELLO_LIMIT_S = 10.0
SCANS_AT_ONCE = 8
RECONNECTS_PER_S = 40.0  # each costs some 7 ms of CPU: the hub keeps time for who is in
_log = logging.getLogger(__name__)


class NotConnected(Exception):
    """The agent that was asked for is not connected."""


@contextlib.contextmanager
def _gone_is_not_connected(agent_id: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise
    except (ConnectionEnded, OSError):
        raise NotConnected(agent_id) from None


class Agents:
    """`work_for` gives an agent's checks; `reported` is told after each scan that came in whole, new or not."""

    def __init__(
        self,
        ingest: Ingest,
        store: Store,
        clock: Clock,
        pace: AgentSection,
        *,
        work_for: Callable[[str], Awaitable[Work]],
        reported: Callable[[LiveAgent], Awaitable[None]],
        keys: KeyRing,
    ) -> None:
        self.ingest, self._store, self._clock, self._pace = ingest, store, clock, pace
        self._work_for, self._reported, self._keys = work_for, reported, keys
        self._sessions: dict[str, AgentSession] = {}
        self._rooms = asyncio.Semaphore(SCANS_AT_ONCE)
        self._trouble: StoreError | None = None
        self._lost: dict[str, tuple[float, datetime | None]] = {}  # when (monotonic), and when it was last heard

    # What the hub asks

    @property
    def live(self) -> Mapping[str, LiveAgent]:
        """The connected agents, by id."""
        return {id_: session.live for id_, session in self._sessions.items()}

    async def scan_now(self, agent_id: str) -> None:
        """Raises `NotConnected`."""
        with _gone_is_not_connected(agent_id):
            await self._session(agent_id).scan_now()

    async def rotate_key(self, agent_id: str) -> None:
        """Have it make itself a new key. Raises `NotConnected`."""
        with _gone_is_not_connected(agent_id):
            await self._session(agent_id).rotate_key()

    async def run_check(self, agent_id: str, check_id: str, limit_s: float) -> CheckResult:
        """Have a check run now; its result once it is on record. Raises `NotConnected`, `TimeoutError`."""
        with _gone_is_not_connected(agent_id):
            return await self._session(agent_id).run_check(check_id, limit_s)

    async def work_changed(self, agent_id: str) -> None:
        """Give the agent its checks anew, if it is there."""
        session = self._sessions.get(agent_id)
        if session is not None:
            with contextlib.suppress(ConnectionEnded, OSError):
                await session.assign(await self._work_for(agent_id))

    async def end(self, agent_id: str, why: str) -> None:
        """Close an agent's connection at once."""
        session = self._sessions.pop(agent_id, None)
        if session is not None:
            self._lose(session.live)
            await session.end(why)

    # Connections

    @contextlib.asynccontextmanager
    async def running(self, socket_path: Path) -> AsyncIterator[None]:
        """Agents of this machine are answered at this socket, silent ones noticed, inside the `async with`."""
        connections: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            connections.add(task)
            try:
                await self.serve(reader, writer, Origin())
            finally:
                connections.discard(task)

        await self._find_lost()
        listener = listen(socket_path)
        listener.setblocking(False)
        server = await asyncio.start_unix_server(connected, sock=listener)
        watch = asyncio.create_task(self._watch_silence(), name="agents: silence")
        try:
            yield
        finally:
            server.close()
            watch.cancel()
            await asyncio.gather(*(self.end(id_, "the hub stops") for id_ in list(self._sessions)))
            for task in connections:
                task.cancel()
            await asyncio.gather(watch, *connections, return_exceptions=True)
            socket_path.unlink(missing_ok=True)  # noqa: ASYNC240 - one call, at the very end

    async def serve(self, reader: Reader, writer: Writer, origin: Origin) -> str:
        """Talk with one agent over this stream until it ends. Why it was refused; empty where it was not."""
        link = Link(reader, writer, Connection(Side.HUB))
        try:
            return await self._converse(link, origin)
        except (ConnectionEnded, OSError) as error:
            _log.info("an agent's connection (%s %s) ended: %s", origin.transport, origin.peer, error)
        except StoreError as error:
            self._note_trouble(error)
            with contextlib.suppress(ConnectionEnded, OSError):
                await link.send(Goodbye(f"it cannot write at the moment ({error}): keep what you have, and try again"))
        finally:
            link.close()
        return ""

    def _note_trouble(self, error: StoreError | None) -> None:
        """Say it once, however many agents come again and again; and once when it is over."""
        if error is not None and self._trouble is None:
            _log.error("nothing of agents can be put on record, they are told to wait: %s", error)
        elif error is None and self._trouble is not None:
            _log.warning("what agents say is put on record again")
        self._trouble = error

    async def _converse(self, link: Link, origin: Origin) -> str:
        messages = link.messages()
        hello = await self._hello(messages)
        try:
            if origin.agent_id is not None and hello.agent_id != origin.agent_id:
                raise Refused("this key belongs to another agent")
            record = await self.ingest.arrive(hello, origin)
        except Refused as reason:
            await link.send(Refusal("hello", str(reason)))
            return str(reason)
        if origin.key:
            record = await self._keys.used(record.id, origin.key)
        self._note_trouble(None)
        await self.end(record.id, "the same agent connected anew")
        now = self._clock.now()
        loop = asyncio.get_running_loop()
        live = LiveAgent(record.id, record.name, origin, now, now, loop.time(), record.last_report)
        session = AgentSession(
            link, live, self.ingest, self._clock, rooms=self._rooms, reported=self._reported, keys=self._keys
        )
        self._sessions[record.id] = session
        self._lost.pop(record.id, None)
        try:
            await link.send(self._welcome(record.serial))
            await session.assign(await self._work_for(record.id))
            if record.rotating:
                await session.rotate_key()
            await session.run(messages)
        finally:
            if self._sessions.get(record.id) is session:
                del self._sessions[record.id]
                self._lose(live)
        return ""

    async def _hello(self, messages: AsyncIterator[Message]) -> Hello:
        try:
            first = await asyncio.wait_for(anext(messages), HELLO_LIMIT_S)
        except (TimeoutError, StopAsyncIteration):
            raise ConnectionEnded("it said no hello") from None
        if isinstance(first, Goodbye):
            raise ConnectionEnded("it said goodbye")
        assert isinstance(first, Hello)  # the state table lets nothing else through
        return first

    def _welcome(self, serial: int) -> Welcome:
        """The more agents there are, the further their first scans are spread, and their return should they lose it."""
        splay_s = min(self._pace.scan_interval_s, len(self._sessions) / SCANS_AT_ONCE)
        return Welcome(
            protocol=PROTOCOL,
            hub_version=__version__,
            serial=serial,
            scan_interval_s=self._pace.scan_interval_s,
            heartbeat_interval_s=self._pace.heartbeat_interval_s,
            splay_s=random.uniform(0, splay_s) if len(self._sessions) > 1 else 0.0,
            reconnect_s=min(self._pace.silent_after_s / 2, len(self._sessions) / RECONNECTS_PER_S),
        )

    def _session(self, agent_id: str) -> AgentSession:
        try:
            return self._sessions[agent_id]
        except KeyError:
            raise NotConnected(agent_id) from None

    # Silence

    async def _watch_silence(self) -> None:
        """A connection that is there but says nothing is cut; an agent that does not come back is written down so."""
        limit_s = self._pace.silent_after_s
        while True:
            await asyncio.sleep(limit_s / 3)
            now_s = asyncio.get_running_loop().time()
            for session in list(self._sessions.values()):
                if now_s - session.live.heard_s > limit_s:
                    await self.end(session.live.agent_id, f"nothing was heard for {limit_s:g} s")
            for agent_id, (lost_s, last_heard) in list(self._lost.items()):
                if now_s - lost_s > limit_s:
                    await self._write_down_silent(agent_id, last_heard)

    async def _write_down_silent(self, agent_id: str, last_heard: datetime | None) -> None:
        """Later, where it cannot be written now."""
        try:
            await self.ingest.silent(agent_id, last_heard)
        except StoreError as error:
            self._note_trouble(error)
        else:
            self._lost.pop(agent_id, None)

    def _lose(self, live: LiveAgent) -> None:
        lost_s = asyncio.get_running_loop().time()
        self._lost[live.agent_id] = (min(live.heard_s, lost_s), live.last_heard)

    async def _find_lost(self) -> None:
        """Agents that were connected when the hub ended have as long as any other to come back."""
        now_s = asyncio.get_running_loop().time()
        for agent in await self._store.find(Kind.AGENT, matching=lambda one: one["state"] == "connected"):
            self._lost[agent["id"]] = (now_s, None)
