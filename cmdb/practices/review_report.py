"""A service review as a report: what was agreed and given, what took services down, what is to be done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from cmdb.model.service_review import Action, ReviewedAgreement, ServiceReview
from cmdb.practices.duration import spoken
from cmdb.practices.wall_time import zone_named
from cmdb.report.document import Bar, Block, Curve, Days, Document, Heading, Paragraph, Table

MOST_OUTAGES = 10


def review_report(review: ServiceReview) -> Document:
    """The report of a review."""
    by = f" by {review.made_by}" if review.made_by else ""
    about = f"{_moment(review, review.start)} to {_moment(review, review.end)} ({review.timezone})"
    blocks = [*_overview(review), *_actions(review)]
    for agreement in review.agreements:
        blocks += _details(agreement, review)
    blocks.append(Paragraph(f"Evidence sha256 {review.digest}"))
    made = f"made {_moment(review, review.made_at)}{by}"
    return Document(f"Service levels, {_period(review)}", f"{about}, {made}", tuple(blocks))


def _period(review: ServiceReview) -> str:
    """As people call it: a whole month or year by its name, anything else by its ends."""
    start, end = (at.astimezone(zone_named(review.timezone)) for at in (review.start, review.end))
    if (start.day, start.hour, start.minute, end.day, end.hour, end.minute) == (1, 0, 0, 1, 0, 0):
        months = (end.year - start.year) * 12 + end.month - start.month
        if months == 1:
            return f"{start:%B %Y}"
        if months == 12 and start.month == 1:
            return f"{start:%Y}"
    return f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"


def _moment(review: ServiceReview, at: datetime) -> str:
    return f"{at.astimezone(zone_named(review.timezone)):%Y-%m-%d %H:%M}"


def _overview(review: ServiceReview) -> Iterator[Block]:
    kept = [one.kept for one in review.agreements]
    known = [one for one in kept if one is not None]
    yield Heading("What was agreed, and what was given")
    words = f"{sum(known)} of {len(known)} agreements were kept" if known else "Nothing was observed"
    yield Paragraph(f"{words}; {kept.count(None)} without data." if None in kept else f"{words}.")
    rows = tuple(
        (one.name, one.service, share(one.target), share(one.actual), spoken(one.down_s), _left(one), _verdict(one))
        for one in review.agreements
    )
    columns = ("Agreement", "Service", "Target", "Actual", "Down", "Budget left", "Kept")
    yield Table(columns, rows, frozenset({2, 3, 4, 5}))
    penalties = [f"{one.penalty:g} {one.currency} ({one.name})" for one in review.agreements if one.penalty]
    if penalties:
        yield Paragraph(f"What the breaches cost: {', '.join(penalties)}.")


def _actions(review: ServiceReview) -> Iterator[Block]:
    yield Heading("Actions")
    if not review.actions:
        yield Paragraph("None.")
        return
    rows = tuple(
        (f"{review.ref}-{number}", one.text, one.owner or "nobody yet", f"{one.due_on}", _state(one))
        for number, one in enumerate(review.actions, 1)
    )
    yield Table(("Number", "What", "Owner", "Due", "State"), rows)


def _state(action: Action) -> str:
    if not action.done:
        return "open"
    return f"done {action.done_at:%Y-%m-%d} by {action.done_by}" if action.done_at else "done"


def _details(one: ReviewedAgreement, review: ServiceReview) -> Iterator[Block]:
    name = one.name if one.name == one.service else f"{one.name}: {one.service}"
    yield Heading(f"{name} ({one.title})" if one.title else name)
    changed = "".join(f"; terms changed {at:%Y-%m-%d}" for at in one.changed_at)
    customer = f" For {one.customer}." if one.customer else ""
    yield Paragraph(f"{share(one.target)} over {one.hours} ({one.timezone}){changed}.{customer}")
    if one.kept is False and one.consequences:
        yield Paragraph(f"What follows from the breach: {one.consequences}.")
    left = one.curve[-1] if one.curve else 1.0
    yield Bar("Budget left", left, _left(one))
    if one.days:
        first, last = f"{one.days[0][0]:%m-%d}", f"{one.days[-1][0]:%m-%d}"
        yield Curve("Budget left, day by day", one.curve, first, last)
        yield Days("Availability by day", one.days)
    yield Table(("Figure", "Value"), tuple(_figures(one)), frozenset({1}))
    if one.outages:
        yield Heading("What took it down", 3)
        yield Table(("Cause", "Down", "Outages", "Incidents"), tuple(_causes(one)), frozenset({1, 2}))
        yield Heading("The longest outages", 3)
        yield Table(("From", "Counted", "Cause", "Incidents"), tuple(_longest(one, review)), frozenset({1}))
    if one.gaps:
        yield Heading("What the agreement lacks", 3)
        yield Table(("Term",), tuple((gap,) for gap in one.gaps))


def _figures(one: ReviewedAgreement) -> Iterator[tuple[str, str]]:
    yield "service time agreed", spoken(one.agreed_s)
    yield "of it down", spoken(one.down_s)
    yield "of it degraded", spoken(one.degraded_s)
    yield "of it not observed", spoken(one.unknown_s)
    yield "planned maintenance", spoken(one.maintenance_s)
    yield "budget", spoken(one.budget_s)
    yield "mean time to restore (MTTR)", _mean(one.mttr_s)
    yield "mean time between failures (MTBF)", _mean(one.mtbf_s)
    if one.answers is not None:
        agreed = f"answers in {one.answers.target_ms:g} ms ({share(one.answers.target_share)} agreed)"
        yield agreed, f"{share(one.answers.within)} of {one.answers.count}"
    yield "incidents", str(one.incidents)
    yield "mean time to acknowledge (MTTA)", _mean(one.mtta_s)
    yield "never acknowledged", str(one.never_acknowledged)
    yield "resolved by themselves", str(one.self_resolved)
    yield "breaches", str(one.breaches)
    yield (
        f"of them noticed {spoken(one.notice_h * 3600)} before or more",
        "–" if one.announced_share is None else f"{one.announced_share:.0%}",
    )
    if one.cost is not None:
        yield "cost a month", f"{one.cost:g} {one.currency}"
    if one.value is not None:
        yield "value a month", f"{one.value:g} {one.currency}"


def _causes(one: ReviewedAgreement) -> Iterator[tuple[str, str, str, str]]:
    """The tree from breach to cause: outages gathered by what made them, the costliest first."""
    gathered: defaultdict[str, list[int]] = defaultdict(list)
    for number, outage in enumerate(one.outages):
        gathered[outage.cause].append(number)
    down_s = {cause: sum(one.outages[n].counted_s for n in numbers) for cause, numbers in gathered.items()}
    for cause in sorted(gathered, key=lambda cause: -down_s[cause]):
        incidents = sorted({number for n in gathered[cause] for number in one.outages[n].incidents})
        yield cause or "not recorded", spoken(down_s[cause]), str(len(gathered[cause])), _numbers(incidents)


def _longest(one: ReviewedAgreement, review: ServiceReview) -> Iterator[tuple[str, str, str, str]]:
    for outage in sorted(one.outages, key=lambda outage: -outage.counted_s)[:MOST_OUTAGES]:
        yield (
            _moment(review, outage.start),
            spoken(outage.counted_s),
            outage.cause or "not recorded",
            _numbers(outage.incidents),
        )


def share(value: float | None) -> str:
    """A share as a percentage, as exact as it needs to be."""
    if value is None:
        return "no data"
    return f"{value * 100:.4f}".rstrip("0").rstrip(".") + " %"


def _left(one: ReviewedAgreement) -> str:
    left_s = one.budget_s - one.down_s
    return spoken(left_s) if left_s >= 0 else f"overdrawn by {spoken(left_s)}"


def _verdict(one: ReviewedAgreement) -> str:
    return "no data" if one.kept is None else "yes" if one.kept else "NO"


def _mean(seconds: float | None) -> str:
    return "–" if seconds is None else spoken(seconds)


def _numbers(numbers: object) -> str:
    assert isinstance(numbers, list | tuple)
    return ", ".join(f"INC-{number}" for number in numbers) or "–"
