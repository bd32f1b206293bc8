"""The console in a terminal of its own on the demo: 1,000 hosts, 1,000 changes of state a minute.

First frame, a key until its frame, bytes a key beside stock output, memory, and what console and hub cost meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from agent.unix_socket import connect
from cmdb.hub.blocking_client import BlockingClient
from cmdb.locations import Locations
from tests.bench.figure import Figure
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
HOSTS, CHANGES_A_MINUTE = 1000, 1000
SETTLE_S, WATCHED_S = 30.0, 60.0
FRAMES, KEYS = 5, 200
QUIET_S = 0.04  # nothing written for so long: the frame is over
KEY_PAUSE_S = 0.06
LIMIT_S = 120.0
WATCHDECK = [sys.executable, "-m", "console.main"]
EMPTY = """
from textual.app import App
from textual.widgets import Label
class Empty(App):
    def compose(self):
        yield Label("hello")
Empty().run()
"""


class Session:
    """A program with a terminal of 120×40; what it writes is counted and looked through."""

    def __init__(self, command: Sequence[str], **environment: str) -> None:
        master, slave = pty.openpty()
        self._master = master
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=os.environ
            | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "120", "LINES": "40"}
            | environment,
        )
        os.close(slave)
        self.written = 0

    def close(self) -> None:
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def read(self, wait_s: float) -> bytes:
        """Some of what is written within this time."""
        if not select.select([self._master], [], [], wait_s)[0]:
            return b""
        read = os.read(self._master, 1 << 20)
        self.written += len(read)
        return read

    def until(self, text: bytes) -> float:
        """Seconds from the start until this was written."""
        seen, deadline = b"", time.perf_counter() + LIMIT_S
        while text not in seen:
            assert time.perf_counter() < deadline, f"{text!r} was not written within {LIMIT_S} s"
            seen = seen[-200:] + self.read(1.0)
        return time.perf_counter() - self.began

    def drain(self, for_s: float = QUIET_S) -> None:
        """Read until nothing was written for a while; at most ten times as long, as a live screen never rests."""
        deadline = time.perf_counter() + 10 * for_s
        while self.read(for_s) and time.perf_counter() < deadline:
            pass

    def press(self, key: bytes) -> float:
        """Seconds from the key until something of its frame is written."""
        pressed = time.perf_counter()
        os.write(self._master, key)
        if not self.read(5.0):
            raise AssertionError(f"nothing was written after {key!r}")
        took_s = time.perf_counter() - pressed
        self.drain()
        return took_s

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)
        self.drain(0.5)


def run() -> Sequence[Figure]:
    with tempfile.TemporaryDirectory() as folder, demo(Path(folder)) as locations:
        console = [*WATCHDECK, "console", "--state", str(locations.state)]
        return [
            _first_frame(console),
            *_keys(console),
            *_cost(console, locations),
        ]


@contextlib.contextmanager
def demo(state: Path) -> Iterator[Locations]:
    """The demo once every host is in and the first rush is over."""
    sizes = ["--hosts", str(HOSTS), "--changes", str(CHANGES_A_MINUTE)]
    command = [*WATCHDECK, "demo", "--headless", *sizes, "--state", str(state)]
    locations = Locations(state)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(f"{HOSTS} agents", lambda: _agents(locations) == HOSTS, limit_s=LIMIT_S, pause_s=1.0)
            time.sleep(SETTLE_S)
            yield locations
        finally:
            process.terminate()


def _agents(locations: Locations) -> int:
    try:
        with BlockingClient(connect(locations.hub_socket)) as client:
            return int(client.call("hub.status")["counts"]["agents"])
    except (OSError, EOFError):
        return 0


@contextlib.contextmanager
def session(command: Sequence[str], **environment: str) -> Iterator[Session]:
    opened = Session(command, **environment)
    try:
        yield opened
    finally:
        opened.close()


def _first_frame(console: Sequence[str]) -> Figure:
    """Until the first incident can be read; beside an application of Textual's that says hello."""

    def median_ms(command: Sequence[str], text: bytes) -> float:
        took = []
        for _ in range(FRAMES):
            with session(command) as one:
                took.append(one.until(text))
        return statistics.median(took) * 1e3

    return Figure(
        "console: process to first incident on the screen",
        median_ms(console, b"INC-"),
        "ms",
        competitor="empty Textual app",
        theirs=median_ms([sys.executable, "-c", EMPTY], b"hello"),
    )


def _keys(console: Sequence[str]) -> list[Figure]:
    """Rows and pages of a list of thousands, held still so that what is written answers the key."""
    with session(console) as ours, session(console, WATCHDECK_OUTPUT="stock") as stock:
        took, cells = _walked(ours)
        theirs, whole = _walked(stock)
    return [
        Figure("console: key to frame, p50", took[KEYS // 2], "ms", 50, "stock output", theirs[KEYS // 2]),
        Figure(
            "console: key to frame, p99", took[KEYS * 99 // 100], "ms", 150, "stock output", theirs[KEYS * 99 // 100]
        ),
        Figure("console: bytes a key", cells, "B", competitor="stock output", theirs=whole, wanted=2),
    ]


def _walked(one: Session) -> tuple[list[float], float]:
    """Sorted milliseconds of each key, and bytes a key."""
    one.until(b"INC-")
    one.type(b":checks sort=id\r")
    one.type(b"p")
    before = one.written
    took = []
    for number in range(KEYS):
        took.append(one.press(b"\x1b[6~" if number % 10 == 9 else b"j") * 1e3)
        time.sleep(KEY_PAUSE_S)
    return sorted(took), (one.written - before) / KEYS


def _cost(console: Sequence[str], locations: Locations) -> list[Figure]:
    """Of a core, while the console shows triage and nobody types; and what the console holds alone."""
    hub = next(one for one in psutil.process_iter(["cmdline"]) if _is_hub(one, locations))
    with session(console) as one:
        one.until(b"INC-")
        one.drain(1.0)
        watched = psutil.Process(one.process.pid)
        before, began, written = (_cpu_s(watched), _cpu_s(hub)), time.monotonic(), one.written
        while time.monotonic() - began < WATCHED_S:
            one.read(0.5)
        lasted_s = time.monotonic() - began
        shares = [
            (after - first) / lasted_s * 100
            for first, after in zip(before, (_cpu_s(watched), _cpu_s(hub)), strict=True)
        ]
        private_mib = watched.memory_full_info().uss / 2**20
        bytes_a_second = (one.written - written) / lasted_s
    return [
        Figure(f"console: of a core, {CHANGES_A_MINUTE:,} changes a minute on {HOSTS:,} hosts", shares[0], "%", 10),
        Figure("console: of a core, the hub meanwhile", shares[1], "%", 25),
        Figure("console: written a second meanwhile", bytes_a_second, "B"),
        Figure("console: private memory of a session", private_mib, "MiB", 80),
    ]


def _is_hub(process: psutil.Process, locations: Locations) -> bool:
    words = process.info["cmdline"] or []
    return "hub" in words and str(locations.state) in words


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
