"""What an agreement takes out of its hours: `Sun 02:00-04:00` every week, `2026-12-24/2026-12-27` once.

`planned maintenance` is what the service's record says was planned: availability leaves it out in any case, and with
these words the clocks of incidents stand still in it, too. Other text is for people, and `sla lint` says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from cmdb.practices.calendar import Calendar, parse_calendar
from cmdb.practices.period import report_window
from cmdb.practices.span import Span

PLANNED = "planned maintenance"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)  # what has two ends does not depend on it


def without(hours: Calendar, exclusions: Iterable[str], planned: Iterable[Span] = ()) -> Calendar:
    """The hours without what is excluded from them; `planned` counts where the exclusions name planned maintenance."""
    weekly: list[Calendar] = []
    once: list[Span] = []
    for text in exclusions:
        found = parsed(text, hours.zone)
        if isinstance(found, Calendar):
            weekly.append(found)
        elif found is not None:
            once.append(found)
        elif is_planned(text):
            once.extend(planned)
    return hours.without(weekly, once) if weekly or once else hours


def parsed(text: str, zone: str) -> Calendar | Span | None:
    """The hours of every week, or the stretch of time, that the text names; None when it is words."""
    try:
        return report_window(text, _NOW, zone) if "/" in text else parse_calendar(text, zone)
    except ValueError:
        return None


def is_planned(text: str) -> bool:
    return text.strip().casefold().startswith(PLANNED)
