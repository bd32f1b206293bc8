"""Has the views looked at again whose rows are others only because time went by, or a file was read anew."""

from __future__ import annotations

import asyncio

from cmdb.hub.feed import Feed
from cmdb.hub.oncall_views import PersonRows, ScheduleRows
from cmdb.hub.quiet_views import QuietRows
from cmdb.hub.roster import Roster
from cmdb.model.kind import Kind
from cmdb.store.protocol import Store

EVERY_S = 5.0


async def let_time_pass(feed: Feed, roster: Roster, store: Store) -> None:
    """Until cancelled."""
    schedules: set[str] = set()
    people: set[str] = set()
    while True:
        await asyncio.sleep(EVERY_S)
        before = schedules | people
        schedules, people = set(roster.directory.schedules), set(roster.directory.people)
        feed.look_again(ScheduleRows, before | schedules)
        feed.look_again(PersonRows, before | people)
        for kind in (Kind.SILENCE, Kind.MAINTENANCE):
            feed.look_again(QuietRows, {one["id"] for one in await store.find(kind)})
