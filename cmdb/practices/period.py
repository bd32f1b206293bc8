"""The stretch of time that an agreement or a report looks at: rolling (`30d`) or by the calendar (`month`)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from cmdb.practices.duration import parse_duration_s
from cmdb.practices.span import Span
from cmdb.practices.wall_time import moment_of, zone_named

CALENDAR_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def period_error(text: str) -> str | None:
    """What is wrong with an agreement's period, or None."""
    if text in CALENDAR_MONTHS or text == "week":
        return None
    try:
        return None if parse_duration_s(text) > 0 else f"{text!r} is no time at all"
    except ValueError:
        return f"{text!r} is not a period; use 30d, 28d, 7d, week, month, quarter or year"


def period_window(text: str, now: datetime, zone: str = "UTC") -> Span:
    """The whole period that `now` lies in, or that ends at it when it rolls."""
    if text not in CALENDAR_MONTHS and text != "week":
        return Span(now - timedelta(seconds=parse_duration_s(text)), now)
    first, after = _calendar_days(text, now.astimezone(zone_named(zone)).date())
    return Span(moment_of(first, 0, zone_named(zone)), moment_of(after, 0, zone_named(zone)))


def rolls(text: str) -> bool:
    """Whether old outages leave the period as time goes on."""
    return text not in CALENDAR_MONTHS and text != "week"


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


def _calendar_days(text: str, today: date) -> tuple[date, date]:
    if text == "week":
        monday = today - timedelta(days=today.weekday())
        return monday, monday + timedelta(days=7)
    months = CALENDAR_MONTHS[text]
    first = date(today.year, (today.month - 1) // months * months + 1, 1)
    month = first.month - 1 + months
    return first, date(first.year + month // 12, month % 12 + 1, 1)


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
