"""`report.sla`, `sla.review`, `.reviews`, `.reviewed`, `.actions`, `.action`: a period's agreements as evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime

import msgspec

from cmdb.hub.agreement_record import reviewed_all
from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.sla_planning import chosen
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.service_rows import hours_of
from cmdb.hub.session import Session
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.model.service import Agreement
from cmdb.model.service_review import REF_LENGTH, Action, ServiceReview
from cmdb.practices.default_service import BUILT_IN
from cmdb.practices.period import report_window
from cmdb.practices.review import frozen
from cmdb.practices.span import Span
from cmdb.store.protocol import StaleVersion

_ACTION = re.compile(r"([0-9a-f]+)-(\d{1,4})")


class ReviewArguments(Arguments, frozen=True, kw_only=True):
    """`period` as for every report: `last-month`, `7d`, `START/END`, in the timezone; without one, in that of the
    agreements where they have the same. Without a name: all that were agreed with somebody, or the built-in one.
    """

    period: str = "last-month"
    timezone: str = ""
    name: str = ""


class NameArguments(Arguments, frozen=True, kw_only=True):
    """`name` is the id of a review, or how its digest begins."""

    name: str


class ActionsArguments(ListArguments, frozen=True, kw_only=True):
    """`all`: those that are done, too."""

    all: bool = False


class ActArguments(Arguments, frozen=True, kw_only=True):
    """`id` is that of an action (`3fa9c1d2-1`), or of a review (`3fa9c1d2`) to open another for."""

    id: str
    done: bool | None = None
    text: str = ""
    owner: str = ""
    due_on: date | None = None


async def report(hub: Hub, session: Session, args: ReviewArguments) -> Row:
    return (await _made(hub, session, args)).body()


async def review(hub: Hub, session: Session, args: ReviewArguments) -> Row:
    """The same, kept: its evidence does not change any more, its actions are open."""
    made = await _made(hub, session, args)
    await hub.ledger.commit([Put(Kind.SERVICE_REVIEW, made, 0)], actor=session.actor, reason="service review")
    return made.body()


async def reviews(hub: Hub, _session: Session, args: ListArguments) -> list[Row]:
    found = await hub.store.find(Kind.SERVICE_REVIEW, at=args.at)
    rows = [
        {
            "ref": one["digest"][:REF_LENGTH],
            **{name: one[name] for name in ("id", "period", "start", "end", "made_at", "made_by", "digest")},
            "agreements": len(one["agreements"]),
            "breached": sum(1 for agreement in one["agreements"] if agreement["kept"] is False),
            "open_actions": sum(1 for action in one["actions"] if not action["done"]),
        }
        for one in found
    ]
    return listed(rows, args, "-made_at")


async def kept(hub: Hub, _session: Session, args: NameArguments) -> Row:
    return (await _kept(hub, args.name)).body()


async def actions(hub: Hub, _session: Session, args: ActionsArguments) -> list[Row]:
    """What reviews left to be done, what is due first before the rest."""
    today = hub.clock.now().date()
    found = [msgspec.convert(one, ServiceReview) for one in await hub.store.find(Kind.SERVICE_REVIEW, at=args.at)]
    rows = [
        _action_row(review, number, today)
        for review in found
        for number, action in enumerate(review.actions, 1)
        if args.all or not action.done
    ]
    return listed(rows, args, "due_on,id")


async def act(hub: Hub, session: Session, args: ActArguments) -> Row:
    """Change an action of a review, or open another; its evidence stays as it was."""
    named = _ACTION.fullmatch(args.id)
    review, number = await _kept(hub, named[1] if named else args.id), named[2] if named else ""
    given = {term: value for term in ("text", "owner", "due_on") if (value := getattr(args, term))}
    if number:
        if not 0 < int(number) <= len(review.actions):
            raise Refused(Code.NOT_FOUND, f"action {args.id}", "is not known", "list them with `watchdeck sla actions`")
        place, action = int(number) - 1, msgspec.structs.replace(review.actions[int(number) - 1], **given)
    elif len(given) < len(("text", "owner", "due_on")):
        raise Refused(Code.USAGE, "sla action", "a new one needs a text, an owner and a due date")
    else:
        place, action = len(review.actions), Action(**given)
    action = _finished(action, args.done, session.actor, hub.clock.now())
    after = msgspec.structs.replace(review, actions=(*review.actions[:place], action, *review.actions[place + 1 :]))
    try:
        await hub.ledger.commit(
            [Put(Kind.SERVICE_REVIEW, after, review.version)], actor=session.actor, reason="action of a review"
        )
    except StaleVersion as error:
        raise Refused(Code.CONFLICT, error.what, error.why, error.next_step) from error
    return _action_row(after, place + 1, hub.clock.now().date())


def _finished(action: Action, done: bool | None, who: str, now: datetime) -> Action:
    """As it is, done now by this person, or open again; who was first stays."""
    if done is None or done == action.done:
        return action
    return msgspec.structs.replace(action, done=done, done_at=now if done else None, done_by=who if done else "")


def _action_row(review: ServiceReview, number: int, today: date) -> Row:
    action = review.actions[number - 1]
    row: Row = msgspec.structs.asdict(action)
    overdue = not action.done and action.due_on < today
    return {
        **row,
        "id": f"{review.ref}-{number}",
        "review": review.id,
        "due_on": action.due_on.isoformat(),
        "overdue": overdue,
    }


async def _kept(hub: Hub, name: str) -> ServiceReview:
    """The review of this id, or whose digest begins like this."""
    document = await hub.store.get(Kind.SERVICE_REVIEW, name)
    if document is not None:
        return msgspec.convert(document, ServiceReview)
    found = await hub.store.find(Kind.SERVICE_REVIEW, matching=lambda one: one["digest"].startswith(name))
    if not name or len(found) != 1:
        raise Refused(Code.NOT_FOUND, f"review {name}", "is not known", "list them with `watchdeck sla reviews`")
    return msgspec.convert(found[0], ServiceReview)


async def _made(hub: Hub, session: Session, args: ReviewArguments) -> ServiceReview:
    now = hub.clock.now()
    agreements = _wanted(hub, args.name)
    zone = args.timezone or _zone_of(hub, agreements)
    try:
        whole = report_window(args.period, now, zone)
    except ValueError as error:
        raise Refused(Code.USAGE, "--period", str(error)) from error
    window = Span(whole.start, min(whole.end, now))
    if window.start >= window.end:
        raise Refused(Code.USAGE, "--period", f"{args.period} has not begun yet")
    evidence = await reviewed_all(hub.services, hub.store, hub.measuring, agreements, window, zone, now)
    owners = {service.name: service.owner for service in hub.services.services.values()}
    return frozen(args.period, window, evidence, owners, session.actor, now, zone)


def _wanted(hub: Hub, name: str) -> list[Agreement]:
    """Nobody is to be given a report about what nobody agreed on, unless there is nothing else."""
    found = chosen(hub, name)
    return [one for one in found if name or one.source != BUILT_IN] or found


def _zone_of(hub: Hub, agreements: Iterable[Agreement]) -> str:
    zones = {hours_of(hub.services.services.get(one.service), one).zone for one in agreements}
    return zones.pop() if len(zones) == 1 else "UTC"


VERBS: Mapping[str, Verb] = {
    "report.sla": Verb(ReviewArguments, report),
    "sla.review": Verb(ReviewArguments, review, Role.OPERATOR),
    "sla.reviews": Verb(ListArguments, reviews),
    "sla.reviewed": Verb(NameArguments, kept),
    "sla.actions": Verb(ActionsArguments, actions),
    "sla.action": Verb(ActArguments, act, Role.OPERATOR),
}
