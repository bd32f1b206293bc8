"""When a group of incidents is told of: a wait at first, an interval when it changes, a repeat while nothing does."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from cmdb.practices.routing import Route


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """`firing` are the incidents of the group now, `told` those of the last notification."""

    began_at: datetime
    firing: tuple[int, ...] = ()
    told: tuple[int, ...] = ()
    told_at: datetime | None = None


def due_at(group: Group, route: Route) -> datetime:
    """When it is to be told of next."""
    wait_s, interval_s, repeat_s = route.group_wait_s, route.group_interval_s, route.repeat_interval_s
    assert wait_s is not None
    assert interval_s is not None
    assert repeat_s is not None
    if group.told_at is None:
        return group.began_at + timedelta(seconds=wait_s)
    grown = not set(group.firing) <= set(group.told)
    return group.told_at + timedelta(seconds=interval_s if grown else max(repeat_s, interval_s))
