"""Services and agreements as the lists, views and verbs show them: the record with what follows from it now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cmdb.hub.services import Services
from cmdb.model.answers import Answers
from cmdb.model.service import Agreement, Interval, Service
from cmdb.practices.agreement_history import Terms
from cmdb.practices.availability import explain, layers
from cmdb.practices.budget import TREND_WINDOWS
from cmdb.practices.budget_curve import budget_curve
from cmdb.practices.calendar import Calendar, parse_calendar
from cmdb.practices.day_by_day import day_by_day
from cmdb.practices.exclusion import without
from cmdb.practices.span import Span
from cmdb.practices.standing import Standing, Status, burn_over, judged, standing

Row = dict[str, Any]
_LATELY = timedelta(minutes=15)


def hours_of(service: Service | None, agreement: Agreement | None = None, planned: Iterable[Span] = ()) -> Calendar:
    """The hours that an agreement names, else those of the service, without what is excluded; 24x7 of none.

    `planned` is taken out of them, too, where the agreement excludes planned maintenance from its clocks.
    """
    if agreement is not None and agreement.hours:
        hours = parse_calendar(agreement.hours, agreement.timezone, agreement.holidays)
    elif service is None:
        hours = parse_calendar("24x7")
    else:
        hours = parse_calendar(service.hours, service.timezone, service.holidays)
    return hours if agreement is None else without(hours, agreement.exclusions, planned)


def service_row(services: Services, service: Service, now: datetime) -> Row:
    """A service with how its agreements stand."""
    agreed = [agreement for agreement in services.agreements.values() if agreement.service == service.id]
    return {**service.body(), "sla": [agreement_row(services, agreement, now) for agreement in agreed]}


def service_tree(services: Services, service: Service, now: datetime) -> Row:
    """The same, with each component's state, rule and CIs."""
    return {**service_row(services, service, now), "components": list(_components(services, service))}


def agreement_row(services: Services, agreement: Agreement, now: datetime) -> Row:
    """An agreement with its figures at this moment."""
    hours = hours_of(services.services.get(agreement.service), agreement)
    stands = standing(agreement, hours, record_until(services, agreement.service, now), now)
    return {**agreement.body(), **_figures(stands, hours), **_answered(services, agreement, stands, now)}


def agreement_explained(services: Services, agreement: Agreement, now: datetime) -> Row:
    """The same, with every interval that was counted and why, and the burn of each window."""
    hours = hours_of(services.services.get(agreement.service), agreement)
    record = record_until(services, agreement.service, now)
    stands = standing(agreement, hours, record, now)
    terms = terms_of(agreement, hours, now)
    days = day_by_day([terms], record, stands.measured, hours.zone, stands.budget_s)
    seen = judged(agreement, record, stands.measured)
    curve = budget_curve(layers(seen, hours, stands.measured).down, stands.measured, stands.budget_s)
    return {
        **agreement.body(),
        **_figures(stands, hours),
        **_answered(services, agreement, stands, now),
        "burns": [
            {"window_s": window_s, "burn": burn_over(agreement, hours, record, now, window_s)}
            for window_s in sorted({size for pair in TREND_WINDOWS for size in (pair.short_s, pair.long_s)})
        ],
        "days": [{"day": one.day.isoformat(), "share": one.share, "left": one.left} for one in days],
        "curve": [{"at": point.at, "left": point.left} for point in curve],
        "intervals": [msgspec.structs.asdict(row) for row in explain(seen, hours, stands.measured)],
    }


def terms_of(agreement: Agreement, hours: Calendar, since: datetime) -> Terms:
    """What the agreement says, from this moment on."""
    return Terms(
        since=since,
        target=agreement.target,
        hours=hours,
        slice_s=agreement.slice_s,
        slice_target=agreement.slice_target,
    )


def record_until(services: Services, service: str, now: datetime) -> Sequence[Interval]:
    """The service's intervals as they were at this moment: what was to come is not there, what ended later lasts."""
    record = services.records.get(service, [])
    if not record or (record[-1].start < now and record[-1].end is None):
        return record
    return [
        msgspec.structs.replace(each, end=None) if each.end is not None and each.end > now else each
        for each in record
        if each.start < now
    ]


def _components(services: Services, service: Service) -> Iterator[Row]:
    for component, found, members in services.members.components(service.id):
        yield {
            "name": component.name,
            "select": component.select,
            "rule": component.rule,
            "effect": component.effect,
            "state": found.state.value,
            "cis": [
                {"id": each.id, "name": each.name, "host_name": each.host, "state": each.state} for each in members
            ],
        }


def answers_now(services: Services, agreement: Agreement, now: datetime) -> Answers | None:
    """How quickly its service answers; of another moment than this one it is not kept."""
    return services.answers.get(agreement.id) if services.clock.now() - now < _LATELY else None


def _answered(services: Services, agreement: Agreement, stands: Standing, now: datetime) -> Row:
    """What was agreed of answers, and given; not kept, the agreement is breached whatever its availability."""
    found = answers_now(services, agreement, now)
    slow = found is not None and found.kept is False
    return {
        "answers": None if found is None else {**msgspec.structs.asdict(found), "kept": found.kept},
        "status": Status.BREACHED.value if slow else stands.status.value,
    }


def _figures(stands: Standing, hours: Calendar) -> Row:
    found = stands.availability
    return {
        "hours": hours.spoken,
        "timezone": hours.zone,
        "actual": stands.actual,
        "budget_s": stands.budget_s,
        "budget_remaining": stands.budget_remaining,
        "budget_remaining_s": stands.budget_remaining_s,
        "burn": stands.burn,
        "breach_forecast_at": stands.breach_forecast_at,
        "agreed_s": found.agreed_s,
        "down_s": found.down_s,
        "degraded_s": found.degraded_s,
        "maintenance_s": found.maintenance_s,
        "unknown_s": found.unknown_s,
        "window": {"start": stands.window.start, "end": stands.window.end},
        "measured": {"start": stands.measured.start, "end": stands.measured.end},
    }
