"""What is written when a service's state changes, or when nobody watched it: the next intervals of its record.

The record of a service is append-only and has exactly one interval without an end.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from cmdb.model.service import Interval
from cmdb.practices.service_state import ServiceState

NOBODY_WATCHED = "nobody watched"
_TICK = timedelta(microseconds=1)


def opened(service: str, state: ServiceState, at: datetime, source: str) -> Interval:
    """An interval that begins at this moment and lasts."""
    id_ = f"{service}@{at:%Y-%m-%dT%H:%M:%S.%fZ}"
    return Interval(id=id_, service=service, state=state.value, start=at, source=source)


def closed(interval: Interval, at: datetime) -> Interval:
    return msgspec.structs.replace(interval, end=at)


def changed(last: Interval | None, service: str, state: ServiceState, now: datetime, source: str) -> list[Interval]:
    """The intervals to write when the service is in this state from now on; none when it is already."""
    if last is None or last.end is not None:
        return [opened(service, state, now if last is None else max(now, last.end or now), source)]
    if last.state == state.value:
        return []
    now = max(now, last.start + _TICK)  # a clock set back never makes the record overlap
    return [closed(last, now), opened(service, state, now, source)]


def unwatched(last: Interval, watched_until: datetime, now: datetime) -> list[Interval]:
    """The intervals to write when nobody looked from `watched_until` until now: that time is unknown.

    The new open interval is unknown too, until somebody has looked.
    """
    since = max(watched_until, last.start + _TICK)
    if last.end is not None or last.state == ServiceState.UNKNOWN.value or since >= now:
        return []
    return [closed(last, since), opened(last.service, ServiceState.UNKNOWN, since, NOBODY_WATCHED)]
