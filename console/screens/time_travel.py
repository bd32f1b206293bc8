"""Looking at a moment of the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from cmdb.hub.client import HubGone, HubRefusal
from console.past import when
from console.screens.walk import Walk
from console.views.scrubber import Scrubber, span_back_to

STEP = timedelta(minutes=10)
MOST_CHANGES = 1000


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
        self._scrubber = None if at is None else self._scrubber_at(at)
        self._show(self._trail.here)

    def _scrubber_at(self, at: datetime) -> Scrubber:
        """The strip that is there, or another one when it is too short or far too long; what changed comes later."""
        now = self._clock.now()
        span = span_back_to(at, now)
        before = self._scrubber
        if before is not None and before.end - before.start == span:
            return replace(before, at=at)
        self.begin(partial(self._count_changes, now - span), "scrubber", exclusive=True)
        return Scrubber(now - span, now, at)

    async def _count_changes(self, since: datetime) -> None:
        try:
            rows = await self.link.call("history.list", since=since, limit=MOST_CHANGES)
        except (HubGone, HubRefusal):
            return  # the strip goes on without
        if self._scrubber is not None and self._scrubber.start == since:
            changes = [row["at"] for row in rows]
            known_from = since if len(rows) < MOST_CHANGES else min(changes)
            self._scrubber = replace(self._scrubber, changes=changes, known_from=known_from)
            self._draw_lines()

    def _scrubbed(self, x: int, cells: int) -> None:
        """Somebody pointed at a moment of the strip."""
        if self._scrubber is not None:
            self._show_at(self._scrubber.moment_at(x, cells))
