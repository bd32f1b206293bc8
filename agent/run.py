"""The agent as a process: what it consists of, and how it ends. Its arguments are read in `agent.main`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import msgspec

from agent.address import Address
from agent.backoff import Backoff
from agent.resident import Resident, Results, ScanTimes
from agent.scheduler import Scheduler
from agent.spool import Spool
from agent.state_dir import StateDir
from agent.uplink import stay_connected
from agent.usage import cpu_s, rss_bytes
from agent.watchdog import LOOK_EVERY_S, Allowance, Watchdog
from agent.wire import PROTOCOL, Hello
from checks import __version__
from checks.cancelled import cancelled
from checks.recall import RECALL

RECALL_SAVED_EVERY_S = 60.0
_log = logging.getLogger(__name__)


class TooDear(Exception):
    """This agent takes more of its host than it may; the text says of what."""


class Settings(msgspec.Struct, frozen=True):
    """`lifeline` is a descriptor whose end means that whoever started this agent is gone."""

    state: Path
    hubs: Sequence[Address]
    lifeline: Optional[int] = None
    allowance: Allowance = Allowance()


def run(settings: Settings) -> None:
    """Be the agent until a signal or the end of the lifeline. Raises `StateDirTaken`, `TooDear`, `OSError`."""
    state = StateDir(settings.state)
    state.take()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # or asyncio puts its own handler there
    try:
        asyncio.run(_run(settings, state))
    finally:
        state.release()


async def _run(settings: Settings, state: StateDir) -> None:
    loop = asyncio.get_running_loop()
    _watch_children_without_threads()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # `add_signal_handler` would load `inspect`, to make sure that this is no coroutine.
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    if settings.lifeline is not None:
        _hold(settings.lifeline, stop)
    RECALL.keep_in(state.recall)
    results = Results(Spool(state.spool))
    checks = Scheduler(results.take)
    resident = Resident(state, checks, results, ScanTimes(loop.time))
    results.flush()  # what was spooled before may be sent once it is kept
    resident.resume()
    uplink = asyncio.ensure_future(stay_connected(settings.hubs, _hello(state), resident, Backoff()))
    stopping = asyncio.ensure_future(stop.wait())
    remembering = asyncio.ensure_future(_save_recall_now_and_then())
    watching = asyncio.ensure_future(_watch_own_cost(Watchdog(settings.allowance)))
    try:
        await asyncio.wait({uplink, stopping, watching}, return_when=asyncio.FIRST_COMPLETED)
        for endless in (uplink, watching):
            if endless.done():
                endless.result()  # it never ends but by a fault, which is raised here
    finally:
        await cancelled((uplink, stopping, remembering, watching))
        await checks.stop()
        results.close()
        _save_recall()


async def _save_recall_now_and_then() -> None:
    while True:
        await asyncio.sleep(RECALL_SAVED_EVERY_S)
        _save_recall()


def _save_recall() -> None:
    """What checks remember from one look to the next (offsets in logs, counters)."""
    try:
        RECALL.save()
    except OSError as error:
        _log.warning("what checks remember is not saved: %s", error)


async def _watch_own_cost(watchdog: Watchdog) -> None:
    """Raises `TooDear` when this process costs its host too much; whoever started it starts it anew."""
    time = asyncio.get_running_loop().time
    while True:
        if why := watchdog.look(time(), cpu_s(), rss_bytes()):
            raise TooDear(why)
        await asyncio.sleep(LOOK_EVERY_S)


def _watch_children_without_threads() -> None:
    """A scan forks this process, which is only safe without threads; Python 3.12 and later watch so by themselves."""
    if sys.version_info < (3, 12) and sys.platform == "linux":
        try:
            os.close(os.pidfd_open(os.getpid()))
        except OSError:
            return  # a kernel before 5.3
        watcher = asyncio.PidfdChildWatcher()
        watcher.attach_loop(asyncio.get_running_loop())
        asyncio.set_child_watcher(watcher)


def _hold(lifeline: int, stop: asyncio.Event) -> None:
    """Stop when the other end of this pipe is closed; nobody writes into it."""
    loop = asyncio.get_running_loop()
    os.set_inheritable(lifeline, False)
    os.set_blocking(lifeline, False)

    def readable() -> None:
        with contextlib.suppress(BlockingIOError):
            if not os.read(lifeline, 4096):
                loop.remove_reader(lifeline)
                stop.set()

    loop.add_reader(lifeline, readable)


def _hello(state: StateDir) -> Hello:
    return Hello(
        protocol=PROTOCOL,
        agent_id=state.agent_id(),
        name=socket.gethostname(),
        agent_version=__version__,
        platform=f"{sys.platform} {os.uname().machine}, Python {'.'.join(map(str, sys.version_info[:3]))}",
        privileged=os.geteuid() == 0,
    )
