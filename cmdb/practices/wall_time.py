"""The moment in UTC that a clock on a wall shows in a zone, on the days when clocks are changed too.

A time that the clocks skip is the moment of the change; a time that they show twice is the first of the two.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 24 * 60


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """The IANA zone of this name; ValueError says what is wrong with it."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"no such time zone: {name!r}; use an IANA name such as Europe/Berlin") from error


def moment_of(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """When the wall shows `minute` minutes past midnight of that day; 1440 is the next midnight, and so on."""
    day, minute = day + timedelta(days=minute // MINUTES_A_DAY), minute % MINUTES_A_DAY
    local = datetime.combine(day, time(minute // 60, minute % 60), zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    return _change_of_clocks(local.replace(fold=1).astimezone(UTC), moment, zone)


def _change_of_clocks(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second after `before` with the offset that holds at `after`."""
    offset = after.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return before + timedelta(seconds=high)
