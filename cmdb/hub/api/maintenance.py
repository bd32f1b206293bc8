"""`maintenance.*`: windows in which what is worked on opens no incidents and calls nobody."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from cmdb.filter import FilterError, parse
from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.disruptions import stakeholders_of
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.quiet_rows import maintenance_row
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.model.maintenance import Consent, Maintenance
from cmdb.practices.maintenance import Window, WindowError, open_spans, verify

LOOK_AHEAD = timedelta(days=60)
MOST_SPANS = 10
MOST_HOSTS = 100


class MaintenanceListArguments(ListArguments, frozen=True, kw_only=True):
    """`all`: those that are over too."""

    all: bool = False


class AddArguments(Arguments, frozen=True, kw_only=True):
    """`select` is the filter grammar over CIs. With `lasts_s` the first problem opens it; `repeats` is a calendar
    expression (`Sun 02:00-04:00`) between `start` and `end`, `weeks` narrows it to the first … fifth, or last (-1).
    """

    select: str
    end: datetime
    title: str = ""
    start: datetime | None = None
    lasts_s: float = 0.0
    repeats: str = ""
    timezone: str = "UTC"
    weeks: tuple[int, ...] = ()


class PreviewArguments(Arguments, frozen=True, kw_only=True):
    select: str


class ConsentArguments(Arguments, frozen=True, kw_only=True):
    id: str
    who: str
    agrees: bool = True
    text: str = ""


class EndArguments(Arguments, frozen=True, kw_only=True):
    id: str


async def list_(hub: Hub, _session: Session, args: MaintenanceListArguments) -> list[Row]:
    """Each with its `state`: pending, active or over."""
    now = args.at or hub.clock.now()
    rows = [
        maintenance_row(msgspec.convert(one, Maintenance), now)
        for one in await hub.store.find(Kind.MAINTENANCE, at=args.at)
    ]
    return listed((row for row in rows if args.all or row["state"] != "over"), args, "start")


async def add(hub: Hub, session: Session, args: AddArguments) -> Row:
    now = hub.clock.now()
    window = Window(
        title=args.title or f"maintenance by {session.actor}",
        select=args.select,
        start=args.start or now,
        end=args.end,
        lasts_s=args.lasts_s,
        repeats=args.repeats,
        timezone=args.timezone,
        weeks=args.weeks,
    )
    try:
        verify(window)
        parse(window.select)
    except (WindowError, FilterError) as error:
        raise Refused(Code.USAGE, "maintenance add", str(error), "see docs/on-call.md") from error
    record = Maintenance(id=f"maintenance-{secrets.token_hex(4)}", window=window, by=session.actor)
    await _write(hub, session, record, 0, window.title)
    return maintenance_row(record, now) | {"version": 1}


async def show(hub: Hub, _session: Session, args: EndArguments) -> Row:
    """With `covers` (see `preview`) and `spans`: when it is open next."""
    document = await hub.store.get(Kind.MAINTENANCE, args.id)
    if document is None:
        raise not_found("maintenance", args.id)
    record, now = msgspec.convert(document, Maintenance), hub.clock.now()
    spans = open_spans(record.window, now, now + LOOK_AHEAD, record.problems)[:MOST_SPANS]
    return maintenance_row(record, now) | {
        "covers": await _covered(hub, record.window.select),
        "spans": [{"start": span.start, "end": span.end} for span in spans],
        "asked": await _asked(hub, record),
    }


async def consent(hub: Hub, session: Session, args: ConsentArguments) -> Row:
    """What a stakeholder who was told answers; the last answer counts."""
    document = await hub.store.get(Kind.MAINTENANCE, args.id)
    if document is None:
        raise not_found("maintenance", args.id)
    known = msgspec.convert(document, Maintenance)
    asked = await _asked(hub, known)
    if args.who not in {one["who"] for one in asked}:
        whom = ", ".join(one["who"] for one in asked) or "nobody"
        raise Refused(Code.USAGE, args.who, f"is not asked about {args.id}", f"asked: {whom}")
    answer = Consent(who=args.who, agrees=args.agrees, at=hub.clock.now(), by=session.actor, text=args.text)
    others = tuple(one for one in known.consents if one.who != args.who)
    after = msgspec.structs.replace(known, consents=(*others, answer))
    await _write(hub, session, after, known.version, "consent to planned work")
    return maintenance_row(after, hub.clock.now()) | {"asked": await _asked(hub, after)}


async def _asked(hub: Hub, known: Maintenance) -> list[Row]:
    """The stakeholders of the agreements that the window is about: whether they were told, and what they answered."""
    covered = await hub.maintenance.covered(known.window.select)
    answers = {one.who: msgspec.structs.asdict(one) for one in known.consents}
    return [
        {
            "who": who,
            "agreement": agreement.name,
            "service": agreement.service,
            "receipt": known.told.get(who),
            "consent": answers.get(who),
        }
        for who, agreement in stakeholders_of(hub.services, (one["id"] for one in covered))
    ]


async def preview(hub: Hub, _session: Session, args: PreviewArguments) -> Row:
    """What a window with this selector covers: how many items, on which hosts, and the services that they carry."""
    try:
        return await _covered(hub, args.select)
    except FilterError as error:
        raise Refused(Code.USAGE, "maintenance preview", str(error), "see docs/filter.md") from error


async def _covered(hub: Hub, select: str) -> Row:
    found = await hub.maintenance.covered(select)
    hosts = sorted({str(one["name"]) for one in found if one["id"] == one.get("host")})
    services = hub.services.supported_by([one["id"] for one in found])
    return {
        "items": len(found),
        "hosts": hosts[:MOST_HOSTS],
        "more_hosts": max(0, len(hosts) - MOST_HOSTS),
        "services": [one.name for one in services],
    }


async def end(hub: Hub, session: Session, args: EndArguments) -> Row:
    """Over now, for good."""
    document = await hub.store.get(Kind.MAINTENANCE, args.id)
    if document is None:
        raise not_found("maintenance", args.id)
    known = msgspec.convert(document, Maintenance)
    now = hub.clock.now()
    if known.window.ended_at is not None or known.window.end <= now:
        raise Refused(Code.CONFLICT, args.id, "is over already")
    over = msgspec.structs.replace(known, window=msgspec.structs.replace(known.window, ended_at=now))
    await _write(hub, session, over, known.version, "ended early")
    return maintenance_row(over, now)


async def _write(hub: Hub, session: Session, record: Maintenance, version: int, reason: str) -> None:
    done = await hub.ledger.commit([Put(Kind.MAINTENANCE, record, version)], actor=session.actor, reason=reason)
    await hub.maintenance.apply(done.deltas if done else ())


VERBS: Mapping[str, Verb] = {
    "maintenance.list": Verb(MaintenanceListArguments, list_),
    "maintenance.show": Verb(EndArguments, show),
    "maintenance.preview": Verb(PreviewArguments, preview),
    "maintenance.add": Verb(AddArguments, add, Role.OPERATOR),
    "maintenance.consent": Verb(ConsentArguments, consent, Role.OPERATOR),
    "maintenance.end": Verb(EndArguments, end, Role.OPERATOR),
}
