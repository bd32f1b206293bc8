"""The stretch of time that an agreement or a report looks at: rolling (`30d`) or by the calendar (`month`).

A calendar period may begin elsewhere than the calendar's: `week@2022-01-01T12:00` begins at noon on Saturdays.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from cmdb.practices.duration import parse_duration_s
from cmdb.practices.span import Span
from cmdb.practices.wall_time import moment_of, zone_named

CALENDAR_MONTHS = {"month": 1, "quarter": 3, "year": 12}
CALENDAR_DAYS = {"day": 1, "week": 7}
_A_MONDAY, _A_FIRST = datetime(1970, 1, 5), datetime(1970, 1, 1)  # where periods begin unless they say otherwise


def period_error(text: str) -> str | None:
    """What is wrong with an agreement's period, or None."""
    _, at, anchor = text.partition("@")
    if not rolls(text):
        return None if not at or _is_local_moment(anchor) else f"{anchor!r} is no moment; write 2022-01-01T12:00"
    try:
        if parse_duration_s(text) > 0:
            return None
    except ValueError:
        pass
    return f"{text!r} is not a period; use 30d, 28d, 7d, day, week, month, quarter or year"


def period_window(text: str, now: datetime, zone: str = "UTC") -> Span:
    """The whole period that `now` lies in, or that ends at it when it rolls."""
    if rolls(text):
        return Span(now - timedelta(seconds=parse_duration_s(text)), now)
    unit, _, anchored = text.partition("@")
    anchor = datetime.fromisoformat(anchored) if anchored else _A_FIRST if unit in CALENDAR_MONTHS else _A_MONDAY
    number = _number_of(unit, anchor.date(), now.astimezone(zone_named(zone)).date())
    bounds = [_begin(unit, anchor, number + step, zone) for step in (-1, 0, 1, 2)]
    return next(Span(start, end) for start, end in pairwise(bounds) if start <= now < end)


def rolls(text: str) -> bool:
    """Whether old outages leave the period as time goes on."""
    return text.partition("@")[0] not in {*CALENDAR_MONTHS, *CALENDAR_DAYS}


def report_window(text: str, now: datetime, zone: str = "UTC") -> Span:
    """The window of `--period`: `7d`, `month`, `last-month` (week, quarter, year too), or `START/END`."""
    if "/" in text:
        start, _, end = text.partition("/")
        return _checked(Span(_moment(start, zone), _moment(end, zone)), text)
    last = text.removeprefix("last-")
    if last != text and not rolls(last):
        this = period_window(last, now, zone)
        return Span(period_window(last, this.start - timedelta(hours=12), zone).start, this.start)
    if error := period_error(text):
        raise ValueError(f"{error}, last-month or START/END")
    return period_window(text, now, zone)


def _number_of(unit: str, anchor: date, today: date) -> int:
    """About how many periods lie between the anchor and today: one more or less, for what the hour decides."""
    if unit in CALENDAR_DAYS:
        return (today - anchor).days // CALENDAR_DAYS[unit]
    return ((today.year - anchor.year) * 12 + today.month - anchor.month) // CALENDAR_MONTHS[unit]


def _begin(unit: str, anchor: datetime, number: int, zone: str) -> datetime:
    """When the period of this number begins; on the last day of a month that lacks the anchor's."""
    if unit in CALENDAR_DAYS:
        day = anchor.date() + timedelta(days=number * CALENDAR_DAYS[unit])
    else:
        month = anchor.month - 1 + number * CALENDAR_MONTHS[unit]
        year, month = anchor.year + month // 12, month % 12 + 1
        day = date(year, month, min(anchor.day, monthrange(year, month)[1]))
    return moment_of(day, anchor.hour * 60 + anchor.minute, zone_named(zone))


def _is_local_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def _moment(text: str, zone: str) -> datetime:
    """A moment of ISO 8601, or midnight of a date; without an offset it is in the zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"not a moment: {text!r}; write 2026-10-01 or 2026-10-01T08:00Z") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone_named(zone))).astimezone(UTC)


def _checked(window: Span, text: str) -> Span:
    if window.start >= window.end:
        raise ValueError(f"{text!r} ends before it begins")
    return window
