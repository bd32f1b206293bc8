"""An event loop whose clock jumps: waiting costs nothing, and every timer fires at exactly its time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class WarpLoop(asyncio.SelectorEventLoop):
    """`elapsed_s` is its monotonic clock; `stall` turns it on, as a busy machine does."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        super().__init__(_WarpSelector(self))

    def time(self) -> float:
        return self.elapsed_s

    def now(self) -> datetime:
        """The wall clock that goes with it."""
        return EPOCH + timedelta(seconds=self.elapsed_s)

    def stall(self, seconds: float) -> None:
        self.elapsed_s += seconds


class _WarpSelector(selectors.DefaultSelector):
    def __init__(self, loop: WarpLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events:
            assert timeout is not None, "everything waits for something that will never come"
            self._loop.elapsed_s += max(0.0, timeout)
        return events


def warped(main: Coroutine[Any, Any, T]) -> T:
    """Run it on a loop of its own whose clock jumps."""
    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        return runner.run(main)


def warp_loop() -> WarpLoop:
    """The loop that runs now."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WarpLoop)
    return loop
