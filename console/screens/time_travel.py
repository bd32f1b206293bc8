"""Looking at a moment of the past."""

from __future__ import annotations

from datetime import datetime, timedelta

from console.past import when
from console.screens.walk import Walk

STEP = timedelta(minutes=10)


class TimeTravel(Walk):
    """The board at a moment that is not now."""

    def _do_time(self) -> None:
        self._ask("moment (-2h, 14:00, 2026-03-01T08:00; empty is now):", self._look_at)

    def _do_earlier(self) -> None:
        self._step(-STEP)

    def _do_later(self) -> None:
        self._step(STEP)

    def _step(self, by: timedelta) -> None:
        """To the moment so much earlier or later; now is as late as it gets."""
        now = self._clock.now()
        at = (self._at or now) + by
        self._show_at(None if at >= now else at)

    def _look_at(self, words: str) -> None:
        """At that moment from now on; at now again when there are no words."""
        at = when(words, self._clock.now()) if words else None
        if words and at is None:
            self._warn(f"{words}: no moment of the past; try -2h, 14:00 or 2026-03-01T08:00")
            return
        self._show_at(at)

    def _show_at(self, at: datetime | None) -> None:
        self._at = at
        self._windows.clear()
        self._show(self._trail.here)
