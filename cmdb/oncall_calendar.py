"""On-call duties as a calendar (ICS, RFC 5545), out and in. Recurrences are expanded; times are UTC inside."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from cmdb.practices.oncall import Duty
from cmdb.practices.span import Span

PRODUCT = "-//Watchdeck//on call//EN"
MOST_EVENTS = 5000


def written(duties: Iterable[tuple[str, Duty]], now: datetime) -> str:
    """A calendar with one event for each duty; the summary names the people."""
    import icalendar  # noqa: PLC0415 — only who writes a calendar needs it

    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    for schedule, duty in duties:
        event = icalendar.Event()
        event.add("uid", f"{schedule}-{duty.start:%Y%m%dT%H%M%SZ}@watchdeck")
        event.add("dtstamp", now)
        event.add("dtstart", duty.start)
        event.add("dtend", duty.end)
        event.add("summary", ", ".join(sorted(duty.people)))
        event.add("description", f"on call: {schedule}")
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content.decode()


def duties_from(text: str, window: Span) -> list[Duty]:
    """The events of a calendar within a window. Raises `ValueError` for what is no calendar."""
    import icalendar  # noqa: PLC0415 — as above
    import recurring_ical_events  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        calendar = icalendar.Calendar.from_ical(text)
        events = recurring_ical_events.of(calendar).between(window.start, window.end)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no calendar: {error}") from error
    if len(events) > MOST_EVENTS:
        raise ValueError(f"{len(events)} events are more than {MOST_EVENTS}")
    found = [_duty(event.get("summary"), event["dtstart"].dt, event["dtend"].dt) for event in events]
    return sorted((one for one in found if one.people), key=lambda one: one.start)


def _duty(summary: object, start: date, end: date) -> Duty:
    names = frozenset(name.strip() for name in re.split(r"[,;]", str(summary or "")) if name.strip())
    return Duty(names, _moment(start), _moment(end))


def _moment(when: date) -> datetime:
    """A whole day begins at midnight UTC; a time without a zone is UTC."""
    moment = when if isinstance(when, datetime) else datetime.combine(when, time())
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
