"""Days as a calendar: how much of each was up, as a sign that rises with what was not, in the ink of the target."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from console.views.cells import Row
from console.views.glyphs import Glyphs
from console.views.ink import Ink, Line, Span

_WORST = 0.02  # a day with so much of it down has the highest sign
_DAY_CELLS = 5


def calendar(days: Sequence[Row], target: float, glyphs: Glyphs, _cells: int) -> list[Line]:
    """A line a week, Monday first, with each day's number; what lies outside the period is empty."""
    known = {date.fromisoformat(str(day["day"])): day.get("share") for day in days}
    if not known:
        return []
    first, last = min(known), max(known)
    monday = first - timedelta(days=first.weekday())
    names = "".join(f"{(monday + timedelta(days=day)).strftime('%a')[:2]:<{_DAY_CELLS}}" for day in range(7))
    lines: list[Line] = [((" " * 8 + names.rstrip(), Ink.DIM),)]
    while monday <= last:
        week = [monday + timedelta(days=day) for day in range(7)]
        cells = tuple(span for day in week for span in _day(day, known, target, glyphs))
        lines.append(((f"{monday.strftime('%d %b'):<8}", Ink.FAINT), *cells))
        monday += timedelta(days=7)
    return lines


def _day(day: date, known: dict[date, object], target: float, glyphs: Glyphs) -> tuple[Span, ...]:
    if day not in known:
        return ((" " * _DAY_CELLS, Ink.TEXT),)
    share = known[day]
    number = (f"{day.day:>2}", Ink.DIM)
    if not isinstance(share, int | float):
        return (number, (f"{glyphs.dot}{glyphs.dot} ", Ink.FAINT))
    top = len(glyphs.spark) - 1
    level = 0 if share >= 1 else max(2, min(top, round((1 - share) / _WORST * top)))
    ink = Ink.OK if share >= 1 else Ink.TEXT if share >= target else Ink.CRITICAL if level == top else Ink.WARNING
    return (number, (f"{glyphs.spark[level] * 2} ", ink))
