"""`oncall.list` and `.roster`, `.show` and `.person`: schedules and people, and one of them with the days ahead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from cmdb.hub.api.oncall import Days
from cmdb.hub.api.refusal import not_found
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.oncall_views import person_row, schedule_row
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.practices.oncall import duties, fairness
from cmdb.practices.span import Span


class ShowArguments(Arguments, frozen=True, kw_only=True):
    schedule: str
    days: Days = 28


class PersonArguments(Arguments, frozen=True, kw_only=True):
    name: str
    days: Days = 28


async def list_(hub: Hub, _session: Session, args: ListArguments) -> list[Row]:
    """The schedules; of the past, who had them is what is on record."""
    at = args.at or hub.clock.now()
    rows = [schedule_row(hub.roster, one, at) for one in hub.roster.directory.schedules.values()]
    for row in rows if at < hub.clock.now() else ():
        row["people"] = sorted(await hub.roster.was_on_call(row["id"], at) or ())
    return listed(rows, args, "schedule")


async def roster(hub: Hub, _session: Session, args: ListArguments) -> list[Row]:
    """The people, as `oncall.toml` has them now."""
    at = args.at or hub.clock.now()
    return listed([person_row(hub.roster, one, at) for one in hub.roster.directory.people.values()], args, "name")


async def show(hub: Hub, _session: Session, args: ShowArguments) -> Row:
    """A schedule with its `duties`, `overrides` and `load` over the days ahead, and who it rotates between."""
    schedule = hub.roster.directory.schedules.get(args.schedule)
    if schedule is None:
        raise not_found("schedule", args.schedule)
    window = Span(hub.clock.now(), hub.clock.now() + timedelta(days=args.days))
    known = hub.roster.overrides.values()
    return schedule_row(hub.roster, schedule, hub.clock.now()) | {
        "rotations": msgspec.to_builtins(schedule.rotations, builtin_types=(datetime,)),
        "duties": [
            {"people": sorted(duty.people), "start": duty.start, "end": duty.end}
            for duty in duties(schedule, known, window)
        ],
        "changes": [one.body() for one in known if one.schedule == schedule.name and one.end > window.start],
        "load": [{"person": person, **hours._asdict()} for person, hours in fairness(schedule, known, window).items()],
    }


async def person(hub: Hub, _session: Session, args: PersonArguments) -> Row:
    """A person with the `turns` of the days ahead."""
    known = hub.roster.directory.people.get(args.name)
    if known is None:
        raise not_found("person", args.name)
    window = Span(hub.clock.now(), hub.clock.now() + timedelta(days=args.days))
    turns: list[Row] = [
        {"schedule": one.name, "start": duty.start, "end": duty.end, "people": sorted(duty.people)}
        for one in hub.roster.directory.schedules.values()
        for duty in duties(one, hub.roster.overrides.values(), window)
        if args.name in duty.people
    ]
    turns.sort(key=lambda turn: (turn["start"], turn["schedule"]))
    return person_row(hub.roster, known, hub.clock.now()) | {"turns": turns}


VERBS: Mapping[str, Verb] = {
    "oncall.list": Verb(ListArguments, list_),
    "oncall.roster": Verb(ListArguments, roster),
    "oncall.show": Verb(ShowArguments, show),
    "oncall.person": Verb(PersonArguments, person),
}
