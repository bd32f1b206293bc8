"""Many agents at one front door: what their heartbeats cost, and how long one waits while all the others reconnect.

Heartbeats of 10,000 agents every 10 s are 1,000 a second; here they come over fewer connections, each as often as
fifty agents would send them. Connections are real SSH ones, by keys of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import asyncssh
import msgspec

from agent.backoff import Backoff
from agent.connection import Connection, Side
from agent.frames import frame
from agent.wire import MAX_FRAME_BYTES, PROTOCOL, Heartbeat, Hello, Refusal, Welcome
from cmdb.clock import SystemClock
from cmdb.hub.client import HubClient
from tests.bench.bench_ssh import cpu_s, hub_with_door
from tests.bench.figure import Figure

CONNECTIONS, AGENTS, INTERVAL_S = 200, 10_000, 10.0
MEASURED_S = 10.0
ECHO_EVERY_S = 0.02
ECHO = frame(msgspec.msgpack.encode({"type": "echo"}), MAX_FRAME_BYTES)  # what the hub does not know it answers at once


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, hub_with_door(Path(folder)) as (hub_pid, client, _):
        return asyncio.run(_measured(Path(folder) / "state" / "hub.sock", client.port, hub_pid))


class _Agent:
    """One connection, with a key of its own."""

    def __init__(self, number: int) -> None:
        self.id = f"{number:032x}"
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.backoff = Backoff()

    @contextlib.asynccontextmanager
    async def connected(self, port: int) -> AsyncIterator[tuple[Any, Any, Connection]]:
        """Its channel's ends, after the welcome."""
        async with asyncssh.connect(
            "127.0.0.1", port, username="agent", client_keys=[self.key], known_hosts=None, config=[]
        ) as ssh:
            process = await ssh.create_process(subsystem="agent", encoding=None)
            wire = Connection(Side.AGENT)
            process.stdin.write(wire.send(Hello(PROTOCOL, self.id, f"bench-{self.id[-4:]}", "0", "linux")))
            while not (
                said := [one for one in wire.receive(await process.stdout.read(65536)) if isinstance(one, Welcome)]
            ):
                pass
            self.backoff.spread(said[0].reconnect_s)
            yield process.stdin, process.stdout, wire


async def _measured(socket: Path, port: int, hub_pid: int) -> list[Figure]:
    agents = [_Agent(number) for number in range(1, CONNECTIONS + 1)]
    observer = _Agent(CONNECTIONS + 1)
    async with await HubClient.connect(socket) as admin:
        for one in (*agents, observer):
            public = one.key.export_public_key().decode()
            await admin.call("agent.place", agent_id=one.id, name=one.id[-4:], key=public)
    async with contextlib.AsyncExitStack() as stack:
        ends = [await stack.enter_async_context(one.connected(port)) for one in agents]
        cost = await _heartbeats(ends, hub_pid)
    quiet = await _echoes(observer, port, asyncio.sleep(MEASURED_S / 2))
    storm = await _echoes(observer, port, _reconnect(agents, port))
    what = f"ssh: heartbeats of {AGENTS:,} agents at {INTERVAL_S:g} s (over {CONNECTIONS} connections), a core's share"
    return [
        Figure(what, cost, "cores", 0.5),
        Figure("ssh: a message and its answer, p99, quiet", quiet, "ms"),
        Figure(f"ssh: the same while {CONNECTIONS} agents reconnect", storm, "ms", 20),
    ]


async def _heartbeats(ends: list[tuple[Any, Any, Connection]], hub_pid: int) -> float:
    """The share of a core that the hub takes of it."""
    pause_s = INTERVAL_S * len(ends) / AGENTS

    async def beat(stdin: Any, wire: Connection) -> None:
        await asyncio.sleep(random.uniform(0, pause_s))
        due = time.monotonic()
        while True:
            stdin.write(wire.send(Heartbeat(SystemClock().now(), spooled=1, cpu_s=1.0, rss_bytes=10**7)))
            sent.append(1)
            due += pause_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    sent: list[int] = []
    beating = [asyncio.create_task(beat(stdin, wire)) for stdin, _, wire in ends]
    await asyncio.sleep(2)
    sent.clear()
    began, before = time.monotonic(), cpu_s(hub_pid)
    await asyncio.sleep(MEASURED_S)
    share = (cpu_s(hub_pid) - before) / (time.monotonic() - began)
    rate = len(sent) / (time.monotonic() - began)
    for task in beating:
        task.cancel()
    return share * (AGENTS / INTERVAL_S) / rate  # the load may have come a little slower than it should


async def _echoes(observer: _Agent, port: int, meanwhile: Any) -> float:
    """The p99 of answers, in ms, measured by a process of its own while something else goes on."""
    ours, theirs = multiprocessing.Pipe()
    key = observer.key.export_private_key()
    process = multiprocessing.get_context("spawn").Process(target=_observe, args=(observer.id, key, port, theirs))
    process.start()
    await asyncio.to_thread(ours.recv)
    await meanwhile
    ours.send("enough")
    waits_ms: list[float] = await asyncio.to_thread(ours.recv)
    process.join()
    return statistics.quantiles(waits_ms, n=100)[98]


def _observe(id_: str, key: bytes, port: int, told: Pipe) -> None:
    agent = _Agent(int(id_, 16))
    agent.key = asyncssh.import_private_key(key)
    told.send(asyncio.run(_echoing(agent, port, told)))


async def _echoing(agent: _Agent, port: int, told: Pipe) -> list[float]:
    waits_ms: list[float] = []
    async with agent.connected(port) as (stdin, stdout, wire):
        told.send("ready")
        while not told.poll():
            began = time.monotonic()
            stdin.write(ECHO)
            while not any(isinstance(one, Refusal) for one in wire.receive(await stdout.read(65536))):
                pass
            waits_ms.append(1000 * (time.monotonic() - began))
            await asyncio.sleep(ECHO_EVERY_S)
    return waits_ms


async def _reconnect(agents: list[_Agent], port: int) -> None:
    """All at once lose their connections and come back, after the pause that an agent makes and the hub asked for."""
    lost = asyncio.Event()

    async def come_back(one: _Agent, stack: contextlib.AsyncExitStack) -> None:
        await lost.wait()
        while True:
            await asyncio.sleep(one.backoff.wait_s())
            with contextlib.suppress(OSError, asyncssh.Error):
                await stack.enter_async_context(one.connected(port))
                return

    async with contextlib.AsyncExitStack() as after:
        async with contextlib.AsyncExitStack() as before:
            for one in agents:
                await before.enter_async_context(one.connected(port))
            returning = [asyncio.create_task(come_back(one, after)) for one in agents]
        lost.set()
        await asyncio.gather(*returning)
