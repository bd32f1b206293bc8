"""`incident.*`, continued: merging, linking, major incidents, escalation and who would be told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec

from cmdb.hub.api.incident import ActArguments, acted
from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row, incident_row
from cmdb.hub.session import Session
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.practices import incident as step
from cmdb.practices import major
from cmdb.practices.escalation import EscalatedSince
from cmdb.practices.incident_state import FINISHED, NotPossible

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]


class OtherArguments(ActArguments, frozen=True, kw_only=True):
    """`other` is the incident that it is merged into, or linked with."""

    other: int


class MajorArguments(ActArguments, frozen=True, kw_only=True):
    reason: Words
    every_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = major.UPDATE_EVERY_MINUTES


class TellArguments(ActArguments, frozen=True, kw_only=True):
    """`text` is what `audience` was told."""

    audience: Words
    text: Words


class EscalateArguments(Arguments, frozen=True, kw_only=True):
    """`as_of`: only if it has not escalated since."""

    number: int
    as_of: datetime | None = None
    text: str = ""


class PreviewArguments(Arguments, frozen=True, kw_only=True):
    number: int


async def merge(hub: Hub, session: Session, args: OtherArguments) -> Row:
    """The incident that took it over."""
    other = await _read(hub, args.other)
    if args.other == args.number or other.state in FINISHED:
        raise Refused(
            Code.CONFLICT, f"INC-{args.number}", f"cannot be merged into INC-{args.other}", "name an open one"
        )
    now, who = hub.clock.now(), session.actor
    try:
        after = await hub.incidents.merge(args.number, args.other, who=who, at=now, why=args.text or "by hand")
    except KeyError:
        raise not_found("incident", f"INC-{args.number}") from None
    except NotPossible as error:
        raise Refused(Code.CONFLICT, f"INC-{args.number}", str(error), "link it instead") from error
    return await incident_row(hub.store, after.body())


async def link(hub: Hub, session: Session, args: OtherArguments) -> Row:
    await _read(hub, args.other)
    now = hub.clock.now()
    await acted(hub, session, _other_way(args), lambda one: step.tied(one, session.actor, now, args.number))
    return await acted(hub, session, args, lambda one: step.tied(one, session.actor, now, args.other))


async def declare(hub: Hub, session: Session, args: MajorArguments) -> Row:
    now = hub.clock.now()
    return await _acted_on_major(
        hub, session, args, lambda one: major.declared(one, session.actor, now, args.reason, args.every_minutes)
    )


async def tell(hub: Hub, session: Session, args: TellArguments) -> Row:
    now = hub.clock.now()
    return await _acted_on_major(
        hub, session, args, lambda one: major.told(one, session.actor, now, args.audience, args.text)
    )


async def escalate(hub: Hub, session: Session, args: EscalateArguments) -> Row:
    incident = await _read(hub, args.number)
    name = f"INC-{args.number}"
    try:
        taken = await hub.escalations.hasten(incident, actor=session.actor, as_of=args.as_of, why=args.text)
    except EscalatedSince as error:
        raise Refused(Code.CONFLICT, name, str(error), f"see `watchdeck incident show {args.number}`") from error
    if not taken:
        raise Refused(Code.CONFLICT, name, *_not_escalated(incident))
    return await incident_row(hub.store, (await _read(hub, args.number)).body())


def _not_escalated(incident: Incident) -> tuple[str, str]:
    """Why nobody is told of it, and what to do instead."""
    number = incident.number
    if incident.state in FINISHED:
        return f"is {incident.state}: nobody is told", f"`watchdeck incident reopen {number}` if it is not over"
    if incident.acknowledged_at is not None:
        why = f"is acknowledged by {incident.acknowledged_by}: nobody else is told"
        return why, f"`watchdeck incident assign {number} WHO` gives it to somebody"
    return "has no route with a policy that tells anybody", "say one in oncall.toml"


async def preview(hub: Hub, _session: Session, args: PreviewArguments) -> dict[str, Any]:
    """Who would be told of it, when and why, if nobody acknowledges."""
    return await hub.escalations.preview(await _read(hub, args.number))


async def _acted_on_major(hub: Hub, session: Session, args: ActArguments, rule: step.Rule) -> Row:
    try:
        return await acted(hub, session, args, rule)
    except major.NotMajor as error:
        raise Refused(Code.CONFLICT, f"INC-{args.number}", str(error)) from error


async def _read(hub: Hub, number: int) -> Incident:
    document = await hub.store.get(Kind.INCIDENT, str(number))
    if document is None:
        raise not_found("incident", f"INC-{number}")
    return msgspec.convert(document, Incident)


def _other_way(args: OtherArguments) -> OtherArguments:
    return OtherArguments(number=args.other, other=args.number, text=args.text)


VERBS: Mapping[str, Verb] = {
    "incident.merge": Verb(OtherArguments, merge, Role.OPERATOR),
    "incident.link": Verb(OtherArguments, link, Role.OPERATOR),
    "incident.major": Verb(MajorArguments, declare, Role.OPERATOR),
    "incident.tell": Verb(TellArguments, tell, Role.OPERATOR),
    "incident.escalate": Verb(EscalateArguments, escalate, Role.OPERATOR),
    "incident.preview": Verb(PreviewArguments, preview),
}
