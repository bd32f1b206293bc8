"""What an agreement lacks to be complete. Not whether it is kept, and not whether its file can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import msgspec

from cmdb.model.service import Agreement, Service
from cmdb.practices.burn_alarm import alarm_period_s
from cmdb.practices.exclusion import is_planned, parsed


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """`what` names the missing or contradicting term, `why` what is wrong, `next_step` what to write."""

    agreement: str
    what: str
    why: str
    next_step: str = ""


def lint(
    agreement: Agreement, agreements: Mapping[str, Agreement], services: Mapping[str, Service], today: date
) -> tuple[Gap, ...]:
    """Everything that is missing, in the order in which it matters; none: it is complete."""
    return tuple(
        Gap(agreement=agreement.name, what=what, why=why, next_step=next_step)
        for what, why, next_step in _gaps(agreement, agreements, services, today)
    )


# Terms that an agreement is not complete without: why, and what to write.
_WANTED = {
    "method": ("it does not say how availability is measured", 'method = "checks of all web servers, every minute"'),
    "exclusions": ("nothing says what does not count", 'exclusions = ["planned maintenance"]'),
    "consequences": ("nothing says what follows a breach", 'consequences = "10 % credit"'),
    "respond_minutes": ("no time to respond by priority", 'respond = { 1 = "15m", 2 = "30m" }'),
    "resolve_minutes": ("no time to resolve by priority", 'resolve = { 1 = "4h", 2 = "1d" }'),
    "review_on": ("no date of review", 'review_on = "2027-01-15"'),
    "stakeholders": ("nobody is told ahead of a breach", 'stakeholders = ["mia@example.org"]'),
}


def _gaps(
    agreement: Agreement, agreements: Mapping[str, Agreement], services: Mapping[str, Service], today: date
) -> Iterator[tuple[str, str, str]]:
    yield from _of_its_service(agreement, services.get(agreement.service))
    for term, (why, next_step) in _WANTED.items():
        if not getattr(agreement, term):
            yield term.removesuffix("_minutes"), why, next_step
    yield from _contradictions(agreement)
    for text in agreement.exclusions:
        if not is_planned(text) and parsed(text, agreement.timezone) is None:
            yield (
                "exclusions",
                f"{text!r} is words: nothing is taken out for it",
                'write "Sun 02:00-04:00" or START/END',
            )
    yield from _leaning(agreement, agreements)
    if agreement.review_on and date.fromisoformat(agreement.review_on) < today:
        yield "review_on", f"its review was due on {agreement.review_on}", "review it: watchdeck sla review"


def _of_its_service(agreement: Agreement, service: Service | None) -> Iterator[tuple[str, str, str]]:
    if service is None:
        yield "service", f"there is no service {agreement.service!r}", "declare it in services.d"
        return
    if not service.components:
        yield "measurement", "its service has no component: nothing is observed", "add [[service.component]]"
    if not agreement.hours and service.hours == "24x7":
        yield "hours", "no hours are named, so all of the time is promised", 'hours = "24x7" if that is meant'


def _contradictions(agreement: Agreement) -> Iterator[tuple[str, str, str]]:
    try:
        alarm_period_s(agreement)
    except ValueError as error:
        yield "period", f"nobody is called when its budget burns: {error}", 'period = "30d"'
    if agreement.target >= 1:
        yield "target", "100 % leaves no budget: any outage breaches it", 'target = "99.9%"'
    for priority in sorted(agreement.respond_minutes.keys() & agreement.resolve_minutes.keys()):
        if agreement.respond_minutes[priority] > agreement.resolve_minutes[priority]:
            yield f"respond.{priority}", "there is less time to resolve than to respond", "exchange them"


def _leaning(agreement: Agreement, agreements: Mapping[str, Agreement]) -> Iterator[tuple[str, str, str]]:
    for name in agreement.leans_on:
        under = agreements.get(name)
        if under is None:
            yield "leans_on", f"there is no agreement {name!r} to lean on", "add it, or take it out"
            continue
        if under.target < agreement.target:
            yield (
                "leans_on",
                f"{name} promises {under.target:.4%}, less than the {agreement.target:.4%} that leans on it",
                "negotiate one of them",
            )
        for priority, minutes in agreement.resolve_minutes.items():
            if under.resolve_minutes.get(priority, 0) > minutes:
                yield "leans_on", f"{name} resolves priority {priority} later than is promised here", "negotiate one"
