"""When it is looked at, and how times are said: ages, clocks that count down, moments of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from console.views.glyphs import UNICODE, Glyphs

_UNITS = (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


@dataclass(frozen=True)
class Moment:
    """What drawing depends on besides the record: now, the terminal's signs, the zone that times are shown in."""

    now: datetime
    glyphs: Glyphs = UNICODE
    zone: tzinfo | None = None  # None: the machine's own

    def age(self, moment: object) -> str:
        """How long ago, in the largest whole unit: `4m`; a moment that is not one is a dash."""
        if not isinstance(moment, datetime):
            return self.glyphs.dash
        return short_span((self.now - moment).total_seconds())

    def ahead(self, moment: object) -> str:
        """How long until then, in the largest whole unit: `3h`; what is past or no moment is a dash."""
        if not isinstance(moment, datetime) or moment <= self.now:
            return self.glyphs.dash
        return short_span((moment - self.now).total_seconds())

    def clock(self, moment: object) -> str:
        """`14:03:22` today, `Mon 14:03` within a week, else `2026-03-01 14:03`."""
        if not isinstance(moment, datetime):
            return self.glyphs.dash
        there = moment.astimezone(self.zone)
        if there.date() == self.now.astimezone(self.zone).date():
            return there.strftime("%H:%M:%S")
        if abs(self.now - moment) < timedelta(days=6):
            return there.strftime("%a %H:%M")
        return there.strftime("%Y-%m-%d %H:%M")


def short_span(seconds: float) -> str:
    """`45s`, `4m`, `3h`, `2d`, `14w`: the largest unit, rounded down; the future is `0s`."""
    whole = max(0, int(seconds))
    for letter, size in _UNITS:
        if whole >= size and (letter != "w" or whole >= 8 * size):
            return f"{whole // size}{letter}"
    return "0s"


def long_span(seconds: float) -> str:
    """Two units: `3h 12m`, `4m 10s`, `2d 4h`; parts of a second as `250ms`."""
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    whole = max(0, int(seconds))
    for position, (letter, size) in enumerate(_UNITS):
        if letter != "w" and whole >= size:
            rest, below = whole % size, _UNITS[position + 1] if size > 1 else ("", 1)
            lesser = f" {rest // below[1]}{below[0]}" if below[0] and rest // below[1] else ""
            return f"{whole // size}{letter}{lesser}"
    return "0s"
