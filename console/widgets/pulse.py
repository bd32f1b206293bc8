"""How often the screen is drawn: at once after a pause, then at most so often, quicker while somebody types."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget

TYPING_PERIOD_S = 0.1
WATCHING_PERIOD_S = 0.5
TYPING_LASTS_S = 5.0
SOON_S = 0.02  # waiting for less is not worth a timer
LATE_S = 1.0  # Textual skips a one-shot timer that is overdue when its task begins: then nobody would draw any more


class Pulse:
    """Calls `draw` for any number of `ask`s, coalesced."""

    def __init__(self, owner: Widget, draw: Callable[[], None]) -> None:
        self._owner, self._draw = owner, draw
        self._drawn_at = self._typed_at = self._due_at = 0.0
        self._timer: Timer | None = None

    def typed(self) -> None:
        """A key was pressed."""
        self._typed_at = time.monotonic()

    def ask(self) -> None:
        """Draw soon."""
        self.catch_up()
        if self._timer is not None:
            return
        now = time.monotonic()
        period = TYPING_PERIOD_S if now - self._typed_at < TYPING_LASTS_S else WATCHING_PERIOD_S
        self._due_at = self._drawn_at + period
        if self._due_at - now < SOON_S:
            self._now()
        else:
            self._timer = self._owner.set_timer(self._due_at - now, self._now)

    def catch_up(self) -> None:
        """Draw what should have been drawn long ago."""
        if self._timer is not None and time.monotonic() >= self._due_at + LATE_S:
            self._timer.stop()
            self._now()

    def _now(self) -> None:
        self._timer = None
        self._drawn_at = time.monotonic()
        self._draw()
