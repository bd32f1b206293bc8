"""`report.sla` and `sla.review`: a period's agreements as evidence, looked at or kept."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.hub.agreement_record import reviewed_all
from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.sla_planning import chosen
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.model.service_review import ServiceReview
from cmdb.practices.period import report_window
from cmdb.practices.review import frozen
from cmdb.practices.span import Span


class ReviewArguments(Arguments, frozen=True, kw_only=True):
    """`period` as for every report: `last-month`, `7d`, `START/END`. Without a name: all agreements in force."""

    period: str = "last-month"
    timezone: str = "UTC"
    name: str = ""


class NameArguments(Arguments, frozen=True, kw_only=True):
    name: str


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
            **{name: one[name] for name in ("id", "period", "start", "end", "made_at", "made_by", "digest")},
            "agreements": len(one["agreements"]),
            "breached": sum(1 for agreement in one["agreements"] if agreement["kept"] is False),
            "open_actions": sum(1 for action in one["actions"] if not action["done"]),
        }
        for one in found
    ]
    return listed(rows, args, "-made_at")


async def kept(hub: Hub, _session: Session, args: NameArguments) -> Row:
    document = await hub.store.get(Kind.SERVICE_REVIEW, args.name)
    if document is None:
        raise not_found("sla review", args.name)
    return dict(document)


async def _made(hub: Hub, session: Session, args: ReviewArguments) -> ServiceReview:
    now = hub.clock.now()
    try:
        whole = report_window(args.period, now, args.timezone)
    except ValueError as error:
        raise Refused(Code.USAGE, "--period", str(error)) from error
    window = Span(whole.start, min(whole.end, now))
    if window.start >= window.end:
        raise Refused(Code.USAGE, "--period", f"{args.period} has not begun yet")
    agreements = chosen(hub, args.name)
    evidence = await reviewed_all(hub.services, hub.store, agreements, window, now.date())
    owners = {service.name: service.owner for service in hub.services.services.values()}
    return frozen(args.period, window, evidence, owners, session.actor, now)


VERBS: Mapping[str, Verb] = {
    "report.sla": Verb(ReviewArguments, report),
    "sla.review": Verb(ReviewArguments, review, Role.OPERATOR),
    "sla.reviews": Verb(ListArguments, reviews),
    "sla.reviewed": Verb(NameArguments, kept),
}
