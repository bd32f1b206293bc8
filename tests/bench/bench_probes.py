"""TCP and HTTP probes on one core, paced and unpaced, beside spawned check_tcp and blackbox_exporter; overload.

"On one core" is probes a second of processor time (user and system) of whoever probes, its children included: on a
machine that does something else meanwhile, wall time would measure that. Of several short runs the best counts, ours
and theirs alike: what else runs can only take caches away. Where the system allows it all have real-time priority,
since lateness is promised for a core of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil

from agent.scheduler import Limits, Outcome, Scheduler
from agent.wire import CheckResult
from checks.definition import Definition, Threshold
from checks.http_message import Body, split_head
from checks.probes.plugin import DIRECTORIES
from checks.result import Result, State
from checks.run import run as run_check

BURSTS = 5
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: Watchdeck\r\nAccept: */*\r\nConnection: close\r\n\r\n"
OURS, THEIRS = 0, 1  # the core that probes, the core that is probed
BLACKBOX = Path("/usr/bin/prometheus-blackbox-exporter")
CHECK_TCP = Path(DIRECTORIES[0]) / "check_tcp"


def run() -> None:
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        print("skipped: needs a core to probe from and one to be probed on")
        return
    try:
        os.sched_setaffinity(0, {OURS})
        _take_the_core()
        for kind in ("tcp", "http"):
            _compare(kind)
        with answering("tcp") as port:
            _paced(port)
            _overload(port)
        _memory()
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.sched_setaffinity(0, cores)


def _take_the_core() -> None:
    """Real-time priority for this process and those that it starts."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        print("without a core of its own: lateness is also what else runs here")


@contextlib.contextmanager
def pinned(command: list[str], core: int, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process on one core, ended with the block."""
    process = subprocess.Popen(["taskset", "-c", str(core), *command], stdout=subprocess.PIPE, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@contextlib.contextmanager
def answering(kind: str) -> Iterator[int]:
    """The port of a server of ours on the other core."""
    with pinned([sys.executable, "-m", "tests.bench.answering", kind], THEIRS) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())


def host(number: int) -> str:
    """Many loopback addresses: the ports of one pair of addresses are used up after 28,000 connections."""
    return f"127.0.{1 + number % 200}.1"


def definitions(kind: str, port: int, count: int, **settings: Any) -> list[Definition]:
    where: list[dict[str, Any]] = [
        {"host": host(n), "port": port} if kind == "tcp" else {"url": f"http://{host(n)}:{port}/"} for n in range(count)
    ]
    return [Definition(f"ci{n}/c", f"ci{n}", kind, params, **settings) for n, params in enumerate(where)]


def _compare(kind: str) -> None:
    with answering(kind) as port:
        ours = max(_unpaced(kind, port) for _ in range(BURSTS))
        print(f"{kind}: ours {ours:,.0f} a CPU second, new connections (limit 10,000)")
        bare = max(_bare(kind, port) for _ in range(BURSTS))
        print(f"{kind}: bare sockets, nothing noted or judged, {bare:,.0f} a CPU second: what Python can do here")
        if kind == "tcp" and CHECK_TCP.exists():
            spawned = max(_spawned(port) for _ in range(BURSTS))
            print(f"{kind}: check_tcp spawned {spawned:,.0f} a CPU second: ours is {ours / spawned:.0f}× (limit 30×)")
        if BLACKBOX.exists():
            theirs = max(_blackbox(kind, port) for _ in range(BURSTS))
            wanted = {"tcp": 4, "http": 8}[kind]
            ratio = f"ours is {ours / theirs:.1f}× (limit {wanted}×), bare sockets {bare / theirs:.1f}×"
            print(f"{kind}: blackbox_exporter, asked over kept connections, {theirs:,.0f} a CPU second: {ratio}")


def _unpaced(kind: str, port: int, total: int = 10_000, at_once: int = 50) -> float:
    """Probes a CPU second when each begins as soon as another ends."""
    checks = definitions(kind, port, 200)

    async def main() -> float:
        work = iter(range(total))
        began = time.process_time()

        async def worker() -> None:
            for number in work:
                result = await run_check(checks[number % len(checks)])
                assert result.state is State.OK, result.output

        await asyncio.gather(*(worker() for _ in range(at_once)))
        return total / (time.process_time() - began)

    return asyncio.run(main())


def _bare(kind: str, port: int, total: int = 10_000) -> float:
    """The same connections and bytes without anything that makes a probe of them: the ceiling."""
    began = time.process_time()
    if kind == "tcp":
        for number in range(total):
            with socket.socket() as sock:
                sock.connect((host(number), port))
    else:
        _bare_http(port, total)
    return total / (time.process_time() - began)


def _bare_http(port: int, total: int, at_once: int = 50) -> None:
    targets = ((host(number), port) for number in range(total))
    running: dict[int, socket.socket] = {}
    with select.epoll() as epoll:
        while True:
            for target in itertools.islice(targets, at_once - len(running)):
                sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                sock.connect_ex(target)
                sock.send(REQUEST)
                epoll.register(sock.fileno(), select.EPOLLIN)
                running[sock.fileno()] = sock
            if not running:
                return
            for descriptor, _ in epoll.poll():
                with running.pop(descriptor) as sock:
                    assert sock.recv(65536).startswith(b"HTTP/1.1 200")


def _spawned(port: int, total: int = 100) -> float:
    began = os.times()
    for first in range(0, total, 4):
        started = [
            subprocess.Popen([CHECK_TCP, "-H", host(first + n), "-p", str(port)], stdout=subprocess.DEVNULL)
            for n in range(4)
        ]
        assert [process.wait() for process in started] == [0] * 4
    return total / sum(after - before for before, after in zip(began[:4], os.times()[:4], strict=True))


def _blackbox(kind: str, port: int, total: int = 2_000, scrapers: int = 8) -> float:
    """Its probes a CPU second, asked for as Prometheus does, over kept connections from the other core."""
    module = {"tcp": "tcp_connect", "http": "http_2xx"}[kind]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        own = free.getsockname()[1]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as config:
        config.write(
            "modules:\n  tcp_connect: {prober: tcp, timeout: 5s}\n"
            "  http_2xx: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}\n"
        )
        config.flush()
        command = [str(BLACKBOX), f"--config.file={config.name}", f"--web.listen-address=127.0.0.1:{own}"]
        with pinned(command, OURS, stderr=subprocess.DEVNULL, env={**os.environ, "GOMAXPROCS": "1"}) as exporter:
            _wait_for_port(own)
            process = psutil.Process(exporter.pid)  # taskset became it
            before = process.cpu_times()
            _scrape(own, module, kind, port, total, scrapers)
            after = process.cpu_times()
            return total / (after.user + after.system - before.user - before.system)


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError("blackbox_exporter did not start within 10 s")


def _scrape(own: int, module: str, kind: str, port: int, total: int, scrapers: int) -> None:
    def scrape(first: int) -> None:
        os.sched_setaffinity(threading.get_native_id(), {THEIRS})
        with socket.create_connection(("127.0.0.1", own)) as connection:
            for number in range(first, total, scrapers):
                target = f"{host(number)}:{port}" if kind == "tcp" else f"http://{host(number)}:{port}/"
                connection.sendall(f"GET /probe?module={module}&target={target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                assert b"probe_success 1" in _content(connection)

    threads = [threading.Thread(target=scrape, args=(first,)) for first in range(scrapers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _content(connection: socket.socket) -> bytes:
    """The content of the next answer on this connection."""
    data = b""
    while (split := split_head(data)) is None:
        data += connection.recv(65536)
    body = Body(split[0], 1 << 20)
    body.feed(split[1])
    while not body.whole:
        body.feed(connection.recv(65536))
    return bytes(body.content)


class Measured(Scheduler):
    """The scheduler, and how late each run began."""

    late_s: list[float]
    states: Counter[tuple[State, str | None]]

    def _finish(self, entry: Any, result: Result) -> None:
        self.late_s.append(result.late_s)
        self.states[result.state, result.reason] += 1
        super()._finish(entry, result)


def _schedule(port: int, per_s: int, for_s: float, interval_s: float = 2.0, late_s: float = 1.0) -> Measured:
    """What a scheduler made of so many TCP checks a second, after a first interval that is not counted."""
    limits = Limits(running=500, per_target=100, late_s=late_s, starts_per_s=1.0)

    async def main() -> Measured:
        outcomes: list[Outcome] = []
        measured = Measured(outcomes.append, limits=limits)
        measured.late_s, measured.states = [], Counter()
        measured.replace(definitions("tcp", port, int(per_s * interval_s), interval_s=interval_s, timeout_s=1.0), {})
        await asyncio.sleep(1.5 * interval_s)
        gc.freeze()
        measured.late_s, measured.states = [], Counter()
        await asyncio.sleep(for_s)
        ran, states = measured.late_s, measured.states
        await measured.stop()
        measured.late_s, measured.states = ran, states
        assert all(o.result.state is not State.CRITICAL for o in outcomes if isinstance(o, CheckResult))
        return measured

    return asyncio.run(main())


def _paced(port: int) -> None:
    for per_s in (5_000, 10_000):
        ran = _schedule(port, per_s, 10.0)
        late_ms = sorted(1000 * value for value in ran.late_s)
        p50, p99 = (late_ms[int(len(late_ms) * share)] for share in (0.5, 0.99))
        bad = len(late_ms) - ran.states[State.OK, None]
        print(
            f"tcp paced at {per_s:,}/s: {len(late_ms) / 10:,.0f}/s done, lateness p50 {p50:.1f} ms, p99 {p99:.1f} ms "
            f"(limit 15 ms), {bad} not ok"
        )


def _overload(port: int) -> None:
    ran = _schedule(port, 60_000, 10.0)
    late, down = (
        ran.states[State.UNKNOWN, "prober_late"],
        sum(n for (s, _), n in ran.states.items() if s is State.CRITICAL),
    )
    done = ran.states[State.OK, None] / 10
    print(
        f"tcp asked for 60,000/s: {done:,.0f}/s done, {late / 10:,.0f}/s 'prober late', {down} false 'down' (limit 0)"
    )
    asked, failed = asyncio.run(_plain_asyncio(port))
    print(f"plain asyncio, a task and a stream for each, at 10,000/s: {failed / asked:.0%} of {asked:,} false 'down'")


async def _plain_asyncio(port: int, per_s: int = 10_000, for_s: float = 5.0) -> tuple[int, int]:
    """The obvious way: `open_connection` in `wait_for`, a task for each, begun on time."""
    outcomes: list[bool] = []

    async def probe(number: int) -> None:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host(number), port), 1.0)
            writer.close()
            outcomes.append(True)
        except (TimeoutError, OSError):
            outcomes.append(False)

    loop = asyncio.get_running_loop()
    began, tasks, number = loop.time(), set(), 0
    while loop.time() - began < for_s:
        while number < (loop.time() - began) * per_s:
            task = loop.create_task(probe(number))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            number += 1
        await asyncio.sleep(0.001)
    await asyncio.gather(*tasks, return_exceptions=True)
    return len(outcomes), outcomes.count(False)


def _memory(count: int = 100_000) -> None:
    """Resident memory of a fresh process that schedules so many definitions, as they come off the wire."""
    code = f"from tests.bench.bench_probes import hold; hold({count})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    print(done.stdout.strip())


def hold(count: int) -> None:
    """Decode and schedule so many definitions, and say what they cost."""

    async def main() -> None:
        before = psutil.Process().memory_info().rss
        scheduler = Scheduler(lambda _: None)
        packed = msgspec.msgpack.encode(
            [
                Definition(
                    f"0{n:025}/reachable", f"0{n:025}", "tcp", {"host": host(n), "port": 80},
                    {"connect_ms": Threshold("200", "1000")}, interval_s=60.0,
                )
                for n in range(count)
            ]
        )  # fmt: skip
        scheduler.replace(msgspec.msgpack.decode(packed, type=list[Definition]), {})
        del packed
        after = psutil.Process().memory_info().rss
        await scheduler.stop()
        print(f"{count:,} definitions scheduled: {(after - before) / 2**20:.0f} MB (limit 150 MB)")

    asyncio.run(main())
