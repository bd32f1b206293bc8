"""Waiting for something to become true, with a limit, saying what it was that did not come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(what: str, probe: Callable[[], T], *, limit_s: float = 60.0, pause_s: float = 0.05) -> T:
    """The first true thing that the probe returns. Fails with `what` and the last answer at the limit."""
    deadline = time.monotonic() + limit_s
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {limit_s:g} s for {what}; last answer: {answer!r}")
        time.sleep(pause_s)
