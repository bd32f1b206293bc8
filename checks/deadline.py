"""A limit on how long a block of a coroutine may take, without a task of its own (`asyncio.timeout` is 3.11's).

Thousands of blocks a second end in time and few do not: one timer a loop looks after all of them, and is seldom set.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Optional

from checks.per_loop import PerLoop

TICK_S = 0.02


class Expired(Exception):
    """The block did not end in time."""


class Deadline:
    """`with Deadline(seconds): await …` raises `Expired` in the block's place; a cancel from elsewhere passes."""

    __slots__ = ("_expired", "_seconds", "_task", "_watch", "due")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._expired = False

    def __enter__(self) -> None:
        self._watch = watch = _watch()
        task = asyncio.current_task(watch.loop)
        assert task is not None
        self._task = task
        self.due = watch.loop.time() + self._seconds
        watch.begin(self)

    def expire(self) -> None:
        """It is over: the block is cancelled."""
        self._expired = True
        self._task.cancel()

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._watch.running.pop(self, None)
        if self._expired and kind is asyncio.CancelledError:
            uncancel = getattr(self._task, "uncancel", None)
            if uncancel is not None:
                uncancel()
            raise Expired from error


class _Watch:
    """The deadlines of one loop; its timer runs as long as there are any."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.running: dict[Deadline, None] = {}
        self._timer: Optional[asyncio.TimerHandle] = None

    def begin(self, deadline: Deadline) -> None:
        self.running[deadline] = None
        if self._timer is None or self._timer.when() > deadline.due + TICK_S:
            self._set_timer(deadline.due)

    def _look(self) -> None:
        self._timer = None
        now = self.loop.time()
        for deadline in [one for one in self.running if one.due <= now]:
            del self.running[deadline]
            deadline.expire()
        if self.running:
            self._set_timer(max(now + TICK_S, min(one.due for one in self.running)))

    def _set_timer(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(due, self._look)


_of_loop: PerLoop[_Watch] = PerLoop(_Watch)
_watch = _of_loop.get
