"""The strip of time below the crumbs while the past is looked at: how much changed when, and where one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.views.ink import Ink, Line
from console.views.moment import Moment

SPANS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7), timedelta(days=28))
_ENDS = 18  # cells of what stands at both ends


def span_back_to(at: datetime, now: datetime) -> timedelta:
    """How much time is drawn, so that the moment is well inside; all there is, for what lies further back."""
    return next((span for span in SPANS if now - at <= span * 0.9), (now - at) * 1.1)


@dataclass(frozen=True)
class Scrubber:
    """From `start` to `end` (now) with the moment that is looked at. Of `changes` those since `known_from` are all."""

    start: datetime
    end: datetime
    at: datetime
    changes: Sequence[datetime] = ()
    known_from: datetime | None = None

    def line(self, cells: int, moment: Moment) -> Line:
        """A sign for each stretch, higher where more changed; a dot where nobody has counted."""
        width = max(1, cells - _ENDS)
        counts = [0] * width
        for change in self.changes:
            counts[self._column(change, width)] += 1
        most, here = max(counts), self._column(self.at, width)
        signs = "".join(self._sign(counts[column], most, column, width, moment) for column in range(width))
        begin = moment.clock(self.start)[: _ENDS - 6].rjust(_ENDS - 6)
        return (
            (f"{begin} ", Ink.FAINT),
            (signs[:here], Ink.TEXT),
            (moment.glyphs.thumb, Ink.ACCENT),
            (signs[here + 1 :], Ink.DIM),
            (" now", Ink.FAINT),
        )

    def moment_at(self, x: int, cells: int) -> datetime:
        """The moment that is drawn at this cell."""
        width = max(1, cells - _ENDS)
        column = min(width - 1, max(0, x - (_ENDS - 5)))
        return self.start + (self.end - self.start) * ((column + 0.5) / width)

    def _column(self, moment: datetime, width: int) -> int:
        return min(width - 1, max(0, int((moment - self.start) / (self.end - self.start) * width)))

    def _sign(self, count: int, most: int, column: int, width: int, moment: Moment) -> str:
        until = self.start + (self.end - self.start) * ((column + 1) / width)
        if self.known_from is None or until <= self.known_from:
            return moment.glyphs.dot
        top = len(moment.glyphs.spark) - 1
        return moment.glyphs.spark[max(1, round(count / most * top)) if count else 0]
