"""One of something for the event loop that runs in this thread. Of a loop that ran before nothing is kept."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Callable, Generic, Optional, TypeVar

T = TypeVar("T")


class PerLoop(Generic[T]):
    """`get` gives what `make` made for the running loop, the same each time."""

    def __init__(self, make: Callable[[asyncio.AbstractEventLoop], T]) -> None:
        self._make = make
        self._here = _Here()

    def get(self) -> T:
        loop = asyncio.get_running_loop()
        if self._here.loop is not loop:
            self._here.loop, self._here.made = loop, self._make(loop)
        made: T = self._here.made
        return made


class _Here(threading.local):
    loop: Optional[asyncio.AbstractEventLoop] = None
    made: Any = None
