"""A period's agreements as evidence, the actions that follow from it, and the report that says so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

import msgspec

from cmdb.model.answers import Answers
from cmdb.model.incident import Incident
from cmdb.model.notice import Notice
from cmdb.model.service import Agreement, Interval, Service
from cmdb.model.service_review import Action, Outage, ReviewedAgreement, ServiceReview
from cmdb.practices.agreement_history import Terms, account, in_force
from cmdb.practices.agreement_lint import Gap
from cmdb.practices.availability import Layers, layers
from cmdb.practices.day_by_day import day_by_day
from cmdb.practices.forecast import announced_share
from cmdb.practices.reliability import answers, reliability
from cmdb.practices.service_state import ServiceState
from cmdb.practices.span import Span, duration_s, within
from cmdb.practices.standing import judged

DAYS_TO_FIND_A_CAUSE, DAYS_TO_COMPLETE = 14, 30


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What the record holds about one agreement: its terms over time, and what happened."""

    agreement: Agreement
    service: Service | None
    history: tuple[Terms, ...]
    intervals: tuple[Interval, ...]
    incidents: tuple[Incident, ...]
    notices: tuple[Notice, ...]
    gaps: tuple[Gap, ...] = ()
    answers: Answers | None = None


def reviewed(found: Recorded, window: Span, zone: str) -> ReviewedAgreement:
    """The figures of one agreement in a window that has passed; its days are those of the zone."""
    agreement, latest = found.agreement, max(found.history, key=lambda terms: terms.since)
    counted = account(found.history, found.intervals, window)
    divided = _divided(found, window)
    means, answered = reliability(divided), answers(found.incidents)
    days = day_by_day(found.history, found.intervals, window, zone, counted.budget_s)
    breaches = [
        notice for notice in found.notices if notice.breached_at and window.start <= notice.breached_at < window.end
    ]
    return ReviewedAgreement(
        name=agreement.name,
        service=agreement.service,
        target=latest.target,
        hours=latest.hours.spoken,
        timezone=latest.hours.zone,
        changed_at=tuple(terms.since for _, terms in tuple(in_force(found.history, window))[1:]),
        actual=counted.availability.share,
        kept=_kept(counted.kept, found.answers),
        agreed_s=counted.availability.agreed_s,
        down_s=counted.availability.down_s,
        degraded_s=counted.availability.degraded_s,
        maintenance_s=counted.availability.maintenance_s,
        unknown_s=counted.availability.unknown_s,
        budget_s=counted.budget_s,
        outages=tuple(_outages(found, divided, window)),
        mttr_s=means.mttr_s,
        mtbf_s=means.mtbf_s,
        incidents=len(found.incidents),
        mtta_s=answered.mtta_s,
        never_acknowledged=answered.never_acknowledged,
        self_resolved=answered.self_resolved,
        days=tuple((one.day, one.share) for one in days),
        curve=tuple(one.left for one in days),
        breaches=len(breaches),
        announced_share=announced_share(breaches, agreement.notice_h * 3600),
        penalty=agreement.penalty if _kept(counted.kept, found.answers) is False else 0.0,
        cost=agreement.cost,
        value=agreement.value,
        currency=agreement.currency,
        gaps=tuple(f"{gap.what}: {gap.why}" for gap in found.gaps),
        title="" if found.service is None else found.service.title,
        customer=agreement.customer or ", ".join(() if found.service is None else found.service.customers),
        consequences=agreement.consequences,
        answers=found.answers,
        notice_h=agreement.notice_h,
    )


def _kept(there: bool | None, answered: Answers | None) -> bool | None:
    """Whether it was there as agreed and answered as agreed, as far as either is known."""
    known = [one for one in (there, None if answered is None else answered.kept) if one is not None]
    return all(known) if known else None


def frozen(
    period: str,
    window: Span,
    agreements: Iterable[ReviewedAgreement],
    owners: dict[str, str],
    made_by: str,
    now: datetime,
    timezone: str = "UTC",
) -> ServiceReview:
    """The review of a period; `owners` are by service, for the actions that it opens."""
    evidence = tuple(agreements)
    review = ServiceReview(
        id=f"{window.start:%Y-%m-%d}/{window.end:%Y-%m-%d}@{now:%Y-%m-%dT%H:%M:%SZ}",
        period=period,
        start=window.start,
        end=window.end,
        made_at=now,
        made_by=made_by,
        agreements=evidence,
        actions=tuple(_actions(evidence, owners, now.date())),
        timezone=timezone,
    )
    return msgspec.structs.replace(review, digest=digest_of(review))


def digest_of(review: ServiceReview) -> str:
    """The digest of the evidence: not of the actions, which go on."""
    evidence = [review.period, review.start, review.end, review.made_at, review.made_by, review.agreements]
    return hashlib.sha256(msgspec.json.encode(evidence)).hexdigest()


def _divided(found: Recorded, window: Span) -> Layers:
    """The layers of the window, each part of it by the terms that held then."""
    parts = [
        layers(judged(terms, found.intervals, part), terms.hours, part)
        for part, terms in in_force(found.history, window)
    ]
    return Layers(**{
        state.value: tuple(span for part in parts for span in part.of(state)) for state in ServiceState
    })  # fmt: skip


def _outages(found: Recorded, divided: Layers, window: Span) -> Iterator[Outage]:
    for each in found.intervals:
        span = Span(max(each.start, window.start), min(each.end or window.end, window.end))
        if each.state != ServiceState.DOWN.value or span.start >= span.end:
            continue
        yield Outage(
            start=span.start,
            end=span.end,
            counted_s=duration_s(within(divided.down, span)),
            cause=each.source,
            incidents=tuple(one.number for one in found.incidents if _during(one, span)),
        )


def _during(incident: Incident, span: Span) -> bool:
    return incident.opened_at < span.end and (incident.resolved_at is None or incident.resolved_at >= span.start)


def _actions(evidence: Sequence[ReviewedAgreement], owners: dict[str, str], today: date) -> Iterator[Action]:
    for one in evidence:
        owner = owners.get(one.service, "")
        if one.kept is False:
            worst = max(one.outages, key=lambda outage: outage.counted_s, default=None)
            what = f": begin with {worst.cause} of {worst.start:%Y-%m-%d}" if worst else ""
            due = today + timedelta(days=DAYS_TO_FIND_A_CAUSE)
            yield Action(agreement=one.name, owner=owner, due_on=due, text=f"Remove what breached {one.name}{what}")
        if one.gaps:
            due = today + timedelta(days=DAYS_TO_COMPLETE)
            text = f"Complete the agreement {one.name}: {len(one.gaps)} terms are missing or contradict"
            yield Action(agreement=one.name, owner=owner, due_on=due, text=text)
