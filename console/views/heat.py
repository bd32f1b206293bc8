"""Days as a heat map: how much of each was up, as a sign that rises with what was not, in the ink of the target.

One agreement as a calendar, a week a line; of many a line each, the weeks beside each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from console.views.cells import Row
from console.views.glyphs import Glyphs
from console.views.ink import Ink, Line, Span
from console.views.moment import Moment

_WORST = 0.02  # a day with so much of it down has the highest sign
_LABEL_CELLS = 8
_DAY_CELLS = 4  # where there is room, the sign is drawn twice
_BETWEEN_WEEKS = 2
WEEKS = 4
WEEKS_CELLS = WEEKS * (7 + _BETWEEN_WEEKS) - _BETWEEN_WEEKS


def calendar(days: Sequence[Row], target: float, glyphs: Glyphs, cells: int) -> list[Line]:
    """A line a week, Monday first, with each day's number; what lies outside the period is empty."""
    wide = cells >= _LABEL_CELLS + 7 * (_DAY_CELLS + 1)
    known = {date.fromisoformat(str(day["day"])): day.get("share") for day in days}
    if not known:
        return []
    first, last = min(known), max(known)
    monday = first - timedelta(days=first.weekday())
    names = "".join(f"{(monday + timedelta(days=day)).strftime('%a')[:2]:<{_DAY_CELLS + wide}}" for day in range(7))
    lines: list[Line] = [((" " * _LABEL_CELLS + names.rstrip(), Ink.DIM),)]
    while monday <= last:
        week = [monday + timedelta(days=day) for day in range(7)]
        drawn = tuple(span for day in week for span in _day(day, known, target, glyphs, wide=wide))
        lines.append(((f"{monday.strftime('%d %b'):<{_LABEL_CELLS}}", Ink.FAINT), *drawn))
        monday += timedelta(days=7)
    return lines


def weeks(row: Row, moment: Moment) -> Line:
    """A sign a day of the last weeks, Monday first; a day to come is empty, an unobserved one a dot."""
    known = {date.fromisoformat(str(day["day"])): day.get("share") for day in row.get("days") or ()}
    target = row.get("target")
    wanted = float(target) if isinstance(target, int | float) else 1.0
    last = max(known, default=moment.now.astimezone(moment.zone).date())
    spans: list[Span] = []
    for week in mondays(moment):
        for day in (week + timedelta(days=number) for number in range(7)):
            spans.append((" ", Ink.TEXT) if day > last else _sign(known.get(day), wanted, moment.glyphs))
        spans.append((" " * _BETWEEN_WEEKS, Ink.TEXT))
    return tuple(spans[:-1])


def dates(moment: Moment) -> str:
    """The Mondays over `weeks`."""
    return "".join(f"{monday:%d %b}".ljust(7 + _BETWEEN_WEEKS) for monday in mondays(moment)).rstrip()


def mondays(moment: Moment) -> list[date]:
    today = moment.now.astimezone(moment.zone).date()
    this = today - timedelta(days=today.weekday())
    return [this - timedelta(weeks=WEEKS - 1 - number) for number in range(WEEKS)]


def _day(day: date, known: dict[date, object], target: float, glyphs: Glyphs, *, wide: bool) -> tuple[Span, ...]:
    if day not in known:
        return ((" " * (_DAY_CELLS + wide), Ink.TEXT),)
    sign, ink = _sign(known[day], target, glyphs)
    return ((f"{day.day:>2}", Ink.DIM), (f"{sign * (1 + wide)} ", ink))


def _sign(share: object, target: float, glyphs: Glyphs) -> Span:
    if not isinstance(share, int | float):
        return glyphs.dot, Ink.FAINT
    top = len(glyphs.spark) - 1
    level = 0 if share >= 1 else max(2, min(top, round((1 - share) / _WORST * top)))
    ink = Ink.OK if share >= 1 else Ink.TEXT if share >= target else Ink.CRITICAL if level == top else Ink.WARNING
    return glyphs.spark[level], ink
