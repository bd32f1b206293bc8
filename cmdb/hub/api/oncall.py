"""`oncall.*`: who is on call, when it is whose turn, and what is changed for a while."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.change import Change, Put, Remove
from cmdb.model.kind import Kind
from cmdb.model.oncall import Override, OverrideKind, Schedule
from cmdb.oncall_calendar import duties_from, written
from cmdb.practices.oncall import Duty, duties, fairness, gaps, override_error
from cmdb.practices.span import Span

MOST_DAYS = 366
Days = Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)]


class WhoArguments(Arguments, frozen=True, kw_only=True):
    """`schedule`: only this one."""

    schedule: str = ""
    at: datetime | None = None


class WindowArguments(ListArguments, frozen=True, kw_only=True):
    """A window of `days` from `start` (now); `schedule`: only this one."""

    schedule: str = ""
    start: datetime | None = None
    days: Days = 14


class OverrideArguments(Arguments, frozen=True, kw_only=True):
    schedule: str
    kind: OverrideKind
    people: tuple[str, ...] = ()
    instead_of: str | None = None
    start: datetime | None = None
    end: datetime
    reason: str = ""


class EndArguments(Arguments, frozen=True, kw_only=True):
    id: str


class ImportArguments(Arguments, frozen=True, kw_only=True):
    """`text` is a calendar (ICS): each event is a temporary schedule of the people that its summary names."""

    schedule: str
    text: Annotated[str, msgspec.Meta(max_length=4 * 1024 * 1024)]
    days: Days = 90
    dry_run: bool = False


async def who(hub: Hub, _session: Session, args: WhoArguments) -> list[Row]:
    """Of the past, what is written down."""
    now = hub.clock.now()
    rows = []
    for schedule in _schedules(hub, args.schedule):
        at = args.at or now
        people: frozenset[str] | None = hub.roster.on_call(schedule.name, at)
        if at < now:
            people = await hub.roster.was_on_call(schedule.name, at)
        duty = _now(hub, schedule, at)
        rows.append(
            {
                "schedule": schedule.name,
                "at": at,
                "people": sorted(people or ()),
                "recorded": people is not None,
                "until": duty.end if at >= now else None,
            }
        )
    return rows


async def mine(hub: Hub, session: Session, args: WindowArguments) -> list[Row]:
    """The shifts of whoever asks."""
    rows = await schedule(hub, session, args)
    return [row for row in rows if session.actor in row["people"]]


async def schedule(hub: Hub, _session: Session, args: WindowArguments) -> list[Row]:
    """Who is on call when, gaps included (nobody)."""
    window = _window(hub, args)
    rows = [
        {"id": f"{one.name}/{duty.start:%Y-%m-%dT%H:%M:%SZ}", "schedule": one.name, "people": sorted(duty.people)}
        | {"start": duty.start, "end": duty.end}
        for one in _schedules(hub, args.schedule)
        for duty in duties(one, hub.roster.overrides.values(), window)
    ]
    return listed(rows, args, "schedule,start")


async def gap_list(hub: Hub, _session: Session, args: WindowArguments) -> list[Row]:
    """When nobody is on call."""
    window = _window(hub, args)
    rows = [
        {"id": f"{one.name}/{gap.start:%Y-%m-%dT%H:%M:%SZ}", "schedule": one.name, "start": gap.start, "end": gap.end}
        for one in _schedules(hub, args.schedule)
        for gap in gaps(one, hub.roster.overrides.values(), window)
    ]
    return listed(rows, args, "schedule,start")


async def load(hub: Hub, _session: Session, args: WindowArguments) -> list[Row]:
    """Hours of each person: in all, at night, on weekends."""
    window = _window(hub, args)
    rows = [
        {"id": f"{one.name}/{person}", "schedule": one.name, "person": person, **hours._asdict()}
        for one in _schedules(hub, args.schedule)
        for person, hours in fairness(one, hub.roster.overrides.values(), window).items()
    ]
    return listed(rows, args, "schedule,-total_h")


async def override(hub: Hub, session: Session, args: OverrideArguments) -> Row:
    _schedules(hub, args.schedule)
    now = hub.clock.now()
    made = Override(
        id=f"override-{secrets.token_hex(4)}",
        schedule=args.schedule,
        kind=args.kind,
        people=args.people,
        instead_of=args.instead_of,
        start=args.start or now,
        end=args.end,
        by=session.actor,
        reason=args.reason,
    )
    _known_people(hub, made.people)
    if made.start < now - timedelta(minutes=1):
        raise Refused(Code.USAGE, "oncall override", "it begins in the past, which is on record", "let it begin now")
    if why := override_error(made, hub.roster.overrides.values()):
        raise Refused(Code.CONFLICT, "oncall override", why, "see `watchdeck oncall overrides`")
    await _write(hub, session, [Put(Kind.OVERRIDE, made, 0)], args.reason or "override")
    return made.body() | {"version": 1}


async def overrides(hub: Hub, _session: Session, args: ListArguments) -> list[Row]:
    now = args.at or hub.clock.now()
    found = await hub.store.find(Kind.OVERRIDE, at=args.at)
    return listed((dict(one) for one in found if one["end"] > now), args, "start")


async def end(hub: Hub, session: Session, args: EndArguments) -> Row:
    """An override that has begun ends now; one that has not is taken back."""
    document = await hub.store.get(Kind.OVERRIDE, args.id)
    if document is None:
        raise not_found("override", args.id)
    known = msgspec.convert(document, Override)
    now = hub.clock.now()
    if known.end <= now:
        raise Refused(Code.CONFLICT, args.id, "is over already")
    over = msgspec.structs.replace(known, end=now)
    change: Change = Put(Kind.OVERRIDE, over, known.version)
    await _write(hub, session, [change if known.start < now else Remove(Kind.OVERRIDE, known.id)], "ended")
    return over.body()


async def export(hub: Hub, _session: Session, args: WindowArguments) -> dict[str, Any]:
    """The calendar as ICS text."""
    window = _window(hub, args)
    found = [
        (one.name, duty) for one in _schedules(hub, args.schedule)
        for duty in duties(one, hub.roster.overrides.values(), window) if duty.people
    ]  # fmt: skip
    return {"text": written(found, hub.clock.now())}


async def import_(hub: Hub, session: Session, args: ImportArguments) -> dict[str, Any]:
    _schedules(hub, args.schedule)
    now = hub.clock.now()
    try:
        found = duties_from(args.text, Span(now, now + timedelta(days=args.days)))
    except ValueError as error:
        raise Refused(Code.USAGE, "oncall import", str(error), "give an iCalendar file (RFC 5545)") from error
    made = [_imported(args.schedule, duty, session.actor) for duty in found]
    for one in made:
        _known_people(hub, one.people)
    fresh = [one for one in made if not override_error(one, hub.roster.overrides.values())]
    if fresh and not args.dry_run:
        await _write(hub, session, [Put(Kind.OVERRIDE, one, 0) for one in fresh], "imported from a calendar")
    return {"added": [one.body() for one in fresh], "known": len(made) - len(fresh)}


def _imported(schedule: str, duty: Duty, by: str) -> Override:
    return Override(
        id=f"override-{secrets.token_hex(4)}",
        schedule=schedule,
        kind=OverrideKind.TEMPORARY,
        people=tuple(sorted(duty.people)),
        start=duty.start,
        end=duty.end,
        by=by,
        reason="imported from a calendar",
    )


async def _write(hub: Hub, session: Session, changes: list[Change], reason: str) -> None:
    done = await hub.ledger.commit(changes, actor=session.actor, reason=reason)
    await hub.roster.apply(done.deltas if done else ())


def _schedules(hub: Hub, name: str) -> list[Schedule]:
    known = hub.roster.directory.schedules
    if name and name not in known:
        why = "is not in oncall.toml" if known else "there is no oncall.toml, or no schedule in it"
        raise Refused(Code.NOT_FOUND, f"schedule {name}", why, f"known: {', '.join(known) or 'none'}")
    return [known[name]] if name else [known[each] for each in sorted(known)]


def _known_people(hub: Hub, names: tuple[str, ...]) -> None:
    unknown = [name for name in names if name not in hub.roster.directory.people]
    if unknown:
        raise Refused(Code.NOT_FOUND, f"person {unknown[0]}", "is not in oncall.toml", "add them there first")


def _window(hub: Hub, args: WindowArguments) -> Span:
    start = args.start or args.at or hub.clock.now()
    return Span(start, start + timedelta(days=args.days))


def _now(hub: Hub, schedule: Schedule, at: datetime) -> Duty:
    return duties(schedule, hub.roster.overrides.values(), Span(at, at + timedelta(days=8)))[0]


VERBS: Mapping[str, Verb] = {
    "oncall.who": Verb(WhoArguments, who),
    "oncall.mine": Verb(WindowArguments, mine),
    "oncall.schedule": Verb(WindowArguments, schedule),
    "oncall.gaps": Verb(WindowArguments, gap_list),
    "oncall.load": Verb(WindowArguments, load),
    "oncall.override": Verb(OverrideArguments, override, Role.ON_CALL),
    "oncall.overrides": Verb(ListArguments, overrides),
    "oncall.end": Verb(EndArguments, end, Role.ON_CALL),
    "oncall.export": Verb(WindowArguments, export),
    "oncall.import": Verb(ImportArguments, import_, Role.ADMIN),
}
