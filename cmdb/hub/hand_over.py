"""Tells who goes and who comes when a shift ends: written in the batch that records the change, so told once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from cmdb.hub.incident_book import IncidentBook
from cmdb.hub.roster import Roster
from cmdb.model.change import Change, Put
from cmdb.model.kind import Kind
from cmdb.model.oncall import Watch
from cmdb.practices.delivery import addressed, notice_of
from cmdb.practices.hand_over import hand_over_text, hand_over_title
from cmdb.practices.oncall import duties
from cmdb.practices.span import Span

LOOKED_AHEAD = timedelta(days=8)


def hand_over(roster: Roster, book: IncidentBook, before: Watch, after: Watch) -> Sequence[Change]:
    """One message to everybody of both shifts."""
    now, incidents = after.start, list(book)
    schedule = roster.directory.schedules[after.schedule]
    (duty, *later) = duties(schedule, roster.overrides.values(), Span(now, now + LOOKED_AHEAD))
    message = notice_of(
        0,
        hand_over_title(after.schedule, before.people, after.people, len(incidents)),
        hand_over_text(incidents, duty.end if later else None, now),
        now,
    )
    priority = min((one.priority for one in incidents), default=5)
    people = roster.directory.people
    return [
        Put(Kind.DELIVERY, addressed(message, f"hand-over/{after.id}/{name}", people[name], priority), 0)
        for name in sorted({*before.people, *after.people} & people.keys())
    ]
