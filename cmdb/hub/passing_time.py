"""Has the views looked at again whose rows are others only because time went by, or a file was read anew."""

from __future__ import annotations

import asyncio
from itertools import count

from cmdb.hub.feed import Feed
from cmdb.hub.oncall_views import PersonRows, ScheduleRows
from cmdb.hub.quiet_views import QuietRows
from cmdb.hub.roster import Roster
from cmdb.hub.service_days import DayRows
from cmdb.hub.service_views import AgreementRows, ServiceRows
from cmdb.hub.services import Services
from cmdb.model.kind import Kind
from cmdb.store.protocol import Store

EVERY_S = 5.0
LEVELS_EVERY = 6  # of those rounds: what is left of a budget takes longer to count, and goes slowly


async def let_time_pass(feed: Feed, roster: Roster, services: Services, store: Store) -> None:
    """Until cancelled."""
    schedules: set[str] = set()
    people: set[str] = set()
    for number in count(1):
        await asyncio.sleep(EVERY_S)
        before = schedules | people
        schedules, people = set(roster.directory.schedules), set(roster.directory.people)
        feed.look_again(ScheduleRows, before | schedules)
        feed.look_again(PersonRows, before | people)
        for kind in (Kind.SILENCE, Kind.MAINTENANCE):
            feed.look_again(QuietRows, {one["id"] for one in await store.find(kind)})
        if number % LEVELS_EVERY == 0:
            feed.look_again(ServiceRows, services.services)
            for rows in (AgreementRows, DayRows):
                feed.look_again(rows, services.agreements)
