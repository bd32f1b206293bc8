"""How late the event loop runs: a beat that should come ten times a second, and by how much it misses."""

from __future__ import annotations

import asyncio

BEAT_S = 0.1


class LoopLag:
    """`lag_s` is that of the last beat; `stall_since` tells whether the loop stood still after a moment."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._last_stall = (loop.time(), 0.0)  # when it ended, how long it was
        self._expected = loop.time() + BEAT_S
        self._timer = loop.call_at(self._expected, self._on_beat)
        self._lag_s = 0.0

    @property
    def lag_s(self) -> float:
        """Seconds; a beat that is overdue right now counts too."""
        return max(self._lag_s, self._loop.time() - self._expected)

    def stall_since(self, moment: float) -> float:
        """The longest miss of a beat since this monotonic moment that is still remembered, in seconds."""
        ended, length_s = self._last_stall
        return max(length_s if ended >= moment else 0.0, self.lag_s)

    def stop(self) -> None:
        self._timer.cancel()

    def _on_beat(self) -> None:
        now = self._loop.time()
        self._lag_s = now - self._expected
        ended, length_s = self._last_stall
        # A shorter miss replaces a longer one only once that is too old to matter to any run.
        if self._lag_s >= length_s or now - ended > 60:
            self._last_stall = (now, self._lag_s)
        self._expected = now + BEAT_S
        self._timer = self._loop.call_at(self._expected, self._on_beat)
