"""A limit on how long a block of a coroutine may take, without a task of its own (`asyncio.timeout` is 3.11's)."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Optional


class Expired(Exception):
    """The block did not end in time."""


class Deadline:
    """`with Deadline(seconds): await …` raises `Expired` in the block's place; a cancel from elsewhere passes."""

    __slots__ = ("_expired", "_seconds", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._expired = False
        self._timer: Optional[asyncio.TimerHandle] = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._expire, task)

    def _expire(self, task: asyncio.Task[object]) -> None:
        self._expired = True
        task.cancel()

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        assert self._timer is not None
        self._timer.cancel()
        if self._expired and kind is asyncio.CancelledError:
            task = asyncio.current_task()
            uncancel = getattr(task, "uncancel", None)
            if uncancel is not None:
                uncancel()
            raise Expired from error
