"""`incident.*`: incidents and what people do to them."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from cmdb.hub.api.find import by_id_or_name
from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import fields_of, listed
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row, effects_of, incident_row
from cmdb.hub.session import Session
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.practices import incident as step
from cmdb.practices.incident_opening import opened_by_hand
from cmdb.practices.incident_state import FINISHED, NotPossible, State
from cmdb.practices.incident_weight import weighed_by_hand

LONGEST_TEXT = 10_000

Text = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]
Level = Annotated[int, msgspec.Meta(ge=1, le=3)]


class IncidentListArguments(ListArguments, frozen=True, kw_only=True):
    """Open ones; a filter that is about the state finds all but closed ones, `all` every one.

    `resolved`: those as well, last. `stale`: only those that were acknowledged long ago and are still open.
    """

    resolved: bool = False
    all: bool = False
    stale: bool = False


class ShowArguments(Arguments, frozen=True, kw_only=True):
    number: int
    at: datetime | None = None


class OpenArguments(Arguments, frozen=True, kw_only=True):
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    ci: str = ""
    impact: Level | None = None
    urgency: Level | None = None
    text: Text = ""


class ActArguments(Arguments, frozen=True, kw_only=True):
    """`expected_version`: act only if nobody wrote since that version was read."""

    number: int
    text: Text = ""
    expected_version: int | None = None


class NoteArguments(ActArguments, frozen=True, kw_only=True):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]


class AssignArguments(ActArguments, frozen=True, kw_only=True):
    assignee: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class HoldArguments(ActArguments, frozen=True, kw_only=True):
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]


class PriorityArguments(ActArguments, frozen=True, kw_only=True):
    impact: Level
    urgency: Level
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]


async def list_(hub: Hub, _session: Session, args: IncidentListArguments) -> list[Row]:
    """Those that are over come last. Of their checks a list has the number: `incident.show` has them."""
    here = args.at is None and not args.all
    found = hub.book.rows() if here else await hub.store.find(Kind.INCIDENT, at=args.at)
    left_out = _left_out(args)
    wanted = [one for one in found if one["state"] not in left_out]
    if args.stale:
        limit = (args.at or hub.clock.now()) - timedelta(hours=hub.config.incident.stale_acknowledgement_h)
        wanted = [one for one in wanted if step.is_stale(one["state"], one["acknowledged_at"], limit)]
    rows = [await incident_row(hub.store, one, args.at) for one in wanted]
    return listed(rows, args, "over,priority,opened_at")


def _left_out(args: IncidentListArguments) -> frozenset[str]:
    """The states that are not listed."""
    if args.all:
        return frozenset()
    return frozenset({State.CLOSED}) if args.resolved or "state" in fields_of(args.filter) else FINISHED


async def show(hub: Hub, _session: Session, args: ShowArguments) -> Row:
    incident = await hub.store.get(Kind.INCIDENT, str(args.number), at=args.at)
    if incident is None:
        raise not_found("incident", f"INC-{args.number}")
    row = await incident_row(hub.store, incident, args.at)
    return row | {"effects": await effects_of(hub.store, args.number, args.at)}


async def open_(hub: Hub, session: Session, args: OpenArguments) -> Row:
    ci = (await by_id_or_name(hub.store, Kind.CI, args.ci))["id"] if args.ci else None
    title = "".join(character for character in args.title if character.isprintable()).strip()
    if not title:
        raise Refused(Code.USAGE, "incident open", "the title says nothing", "say in a few words what is wrong")
    make = functools.partial(
        opened_by_hand,
        policy=hub.policy,
        now=hub.clock.now(),
        title=title,
        ci=ci,
        impact=args.impact,
        urgency=args.urgency,
        who=session.actor,
        text=args.text,
    )
    opened = await hub.incidents.open(make, actor=session.actor, reason=args.text or "opened by hand")
    return await incident_row(hub.store, opened.body())


async def ack(hub: Hub, session: Session, args: ActArguments) -> Row:
    now = hub.clock.now()
    return await acted(hub, session, args, lambda one: step.acknowledged(one, session.actor, now, args.text))


async def note(hub: Hub, session: Session, args: NoteArguments) -> Row:
    now = hub.clock.now()
    return await acted(hub, session, args, lambda one: step.noted(one, session.actor, now, args.text))


async def assign(hub: Hub, session: Session, args: AssignArguments) -> Row:
    await _refuse_unknown(hub, session, args.assignee)
    now = hub.clock.now()
    return await acted(hub, session, args, lambda one: step.assigned(one, session.actor, now, args.assignee, args.text))


async def _refuse_unknown(hub: Hub, session: Session, assignee: str) -> None:
    """Nobody else is told of what is assigned: a name that was typed wrong would leave it to nobody."""
    on_call = {*hub.roster.directory.people, *hub.roster.directory.teams}
    known = on_call | {str(user["id"]) for user in await hub.store.find(Kind.USER)}
    if on_call and assignee not in {*known, session.actor}:
        raise Refused(Code.NOT_FOUND, f"person {assignee}", "is not known", f"known: {', '.join(sorted(known))}")


async def hold(hub: Hub, session: Session, args: HoldArguments) -> Row:
    now = hub.clock.now()
    return await acted(hub, session, args, lambda one: step.held(one, session.actor, now, args.reason))


async def resume(hub: Hub, session: Session, args: ActArguments) -> Row:
    now = hub.clock.now()
    return await acted(hub, session, args, lambda one: step.resumed(one, session.actor, now, args.text))


async def resolve(hub: Hub, session: Session, args: ActArguments) -> Row:
    now = hub.clock.now()
    return await acted(hub, session, args, lambda one: step.resolved(one, session.actor, now, args.text))


async def close(hub: Hub, session: Session, args: ActArguments) -> Row:
    now = hub.clock.now()
    return await acted(hub, session, args, lambda one: step.closed(one, session.actor, now, args.text))


async def reopen(hub: Hub, session: Session, args: ActArguments) -> Row:
    now = hub.clock.now()
    return await acted(hub, session, args, lambda one: step.reopened(one, session.actor, now, args.text))


async def priority(hub: Hub, session: Session, args: PriorityArguments) -> Row:
    now = hub.clock.now()
    effects = hub.book.effects_of(args.number)

    def overridden(one: Incident) -> Incident:
        weight = weighed_by_hand(one, effects, hub.policy, args.impact, args.urgency)
        return step.overridden(one, session.actor, now, args.reason, **weight)

    return await acted(hub, session, args, overridden)


async def acted(hub: Hub, session: Session, args: ActArguments, rule: Callable[[Incident], Incident]) -> Row:
    """The incident after the step. Raises `Refused`."""
    name = f"INC-{args.number}"
    try:
        after = await hub.incidents.change(
            args.number, rule, actor=session.actor, reason=args.text, expected=args.expected_version
        )
    except KeyError:
        raise not_found("incident", name) from None
    except step.AlreadyAcknowledged as first:
        raise Refused(Code.CONFLICT, name, f"is already {first}", "nothing was changed") from first
    except NotPossible as error:
        raise Refused(Code.CONFLICT, name, str(error), f"see `watchdeck incident show {args.number}`") from error
    return await incident_row(hub.store, after.body())


def _by_operator(args: type[ActArguments], run: Callable[[Hub, Session, Any], Awaitable[Row]]) -> Verb:
    return Verb(args, run, Role.OPERATOR)


VERBS: Mapping[str, Verb] = {
    "incident.list": Verb(IncidentListArguments, list_),
    "incident.show": Verb(ShowArguments, show),
    "incident.open": Verb(OpenArguments, open_, Role.OPERATOR),
    "incident.ack": _by_operator(ActArguments, ack),
    "incident.note": _by_operator(NoteArguments, note),
    "incident.assign": _by_operator(AssignArguments, assign),
    "incident.hold": _by_operator(HoldArguments, hold),
    "incident.resume": _by_operator(ActArguments, resume),
    "incident.resolve": _by_operator(ActArguments, resolve),
    "incident.close": _by_operator(ActArguments, close),
    "incident.reopen": _by_operator(ActArguments, reopen),
    "incident.priority": _by_operator(PriorityArguments, priority),
}
