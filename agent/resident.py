"""What of an agent outlives a connection: its spool, its checks, and when it scans next. Not the talking."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Callable, Optional, Protocol

from agent.spool import Outcome, Spool, keep
from agent.state_dir import StateDir
from agent.wire import Resume, Work
from checks.aside import aside
from checks.definition import Definition

GATHER_S = 0.05  # results that come together travel together
_log = logging.getLogger(__name__)


class Checks(Protocol):
    """What runs the checks: `agent.scheduler.Scheduler`."""

    def replace(self, definitions: Sequence[Definition], states: Mapping[str, Resume]) -> None:
        """Run these and no others."""

    def run_now(self, check_id: str, run: int) -> bool:
        """Run it out of turn; False when there is no such check."""

    @property
    def lag_s(self) -> float:
        """How late it runs."""

    @property
    def overdue(self) -> int:
        """How many checks wait past their time."""

    async def stop(self) -> None:
        """Leave nothing running."""


class Results:
    """Takes outcomes from the checks, a moment at a time, into the spool, and says when there are new ones.

    Up to the serial `kept` they may be sent. What the hub has and a power cut took from here would leave its serials
    to be given again, to results that the hub would then take for old ones.
    """

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.news = asyncio.Event()
        self.kept = 0
        self._keeping: Optional[asyncio.Future[None]] = None
        self._outcomes: list[Outcome] = []
        self._timer: Optional[asyncio.TimerHandle] = None

    def take(self, outcome: Outcome) -> None:
        """Queue one outcome for the spool."""
        self._outcomes.append(outcome)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self.flush)

    def flush(self) -> None:
        """Bring what is gathered into the spool now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._outcomes:
            self.spool.append(self._outcomes)
            self._outcomes = []
        if self._keeping is None:
            self._keeping = asyncio.ensure_future(self._keep())

    def close(self) -> None:
        """Leave nothing in memory."""
        self.flush()
        _keep(self.spool.unkept())

    async def _keep(self) -> None:
        """Bring to the disk what is not yet there, and let it be sent; a slow disk delays nothing else."""
        while self.kept < (taken := self.spool.next_serial - 1):
            await aside(functools.partial(_keep, self.spool.unkept()))
            self.kept = taken
            self.news.set()
        self._keeping = None


def _keep(paths: Collection[Path]) -> None:
    try:
        keep(paths)
    except OSError as error:
        _log.warning("results may not outlive a power cut: %s", error)


class ScanTimes:
    """When the next scan is due on the monotonic clock, and its number. One that was never done is due at once."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._due: Optional[float] = None
        self.number = 0
        self.asked = asyncio.Event()

    def begin(self, splay_s: float) -> None:
        """A hub is there: the first scan comes after the time that it set to spread its agents."""
        if self._due is None:
            self._due = self._time() + splay_s

    def done(self, interval_s: float) -> None:
        """A scan has been tried."""
        self._due = self._time() + interval_s

    async def wait(self) -> int:
        """Until a scan is due or asked for; gives its number."""
        assert self._due is not None
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.asked.wait(), max(0.0, self._due - self._time()))
        self.asked.clear()
        self.number += 1
        return self.number


class Resident:
    """The lasting parts together, and the work that they were last given."""

    def __init__(self, state: StateDir, checks: Checks, results: Results, scans: ScanTimes) -> None:
        self.state, self.checks, self.results, self.scans = state, checks, results, scans
        self.reconnect_s = 0.0  # as the last hub said

    @property
    def spool(self) -> Spool:
        return self.results.spool

    def resume(self) -> None:
        """Go on with the work of before the restart, whether a hub is there or not."""
        work = self.state.kept_work()
        if work is not None:
            self.checks.replace(work.checks, work.states)

    def work(self, work: Work) -> None:
        """Run these checks from now on, also after a restart."""
        self.checks.replace(work.checks, work.states)
        try:
            self.state.keep_work(work)
        except OSError as error:
            _log.warning("work is not kept for a restart: %s", error)
