"""`sla.forecast`, `.causes`, `.lint`, `.whatif` and `.portfolio`: what is ahead, missing, and could be promised."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cmdb.hub.agreement_record import notices_of, recorded
from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.rows import Row
from cmdb.hub.service_rows import hours_of, record_until, terms_of
from cmdb.hub.session import Session
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.model.notice import Notice
from cmdb.model.service import Agreement
from cmdb.practices.agreement_lint import lint
from cmdb.practices.breach_causes import causes_of
from cmdb.practices.default_service import BUILT_IN
from cmdb.practices.forecast import announced_share
from cmdb.practices.incident_state import FINISHED
from cmdb.practices.period import period_error, period_window
from cmdb.practices.review import reviewed
from cmdb.practices.span import Span
from cmdb.practices.what_if import MONTHS, Feasibility, feasibility, nines
from cmdb.services_d.records import with_terms
from cmdb.toml_file import TomlError


class NamesArguments(ListArguments, frozen=True, kw_only=True):
    """Without a name: all agreements in force."""

    name: str = ""


class CausesArguments(Arguments, frozen=True, kw_only=True):
    """`period`: another than the agreement's."""

    name: str
    period: str = ""


class WhatIfArguments(Arguments, frozen=True, kw_only=True):
    """`terms` are those of a file (`target`, `hours`, `timezone`, `holidays` …), replayed on the last months."""

    name: str
    terms: dict[str, Any] = {}
    months: int = MONTHS
    at: datetime | None = None


async def ahead(hub: Hub, _session: Session, args: NamesArguments) -> list[Row]:
    now = args.at or hub.clock.now()
    incidents = list(hub.book) if args.at is None else await _open_incidents(hub, args.at)
    rows = []
    for agreement in chosen(hub, args.name):
        notices = [one for one in await notices_of(hub.store, agreement.name) if one.noticed_at <= now]
        foreseen = hub.outlook.of(agreement, incidents, now)
        rows.append(
            {
                **msgspec.to_builtins(foreseen, builtin_types=(datetime,)),
                "id": agreement.id,
                "service": agreement.service,
                "cost": {name: getattr(agreement, name) for name in ("penalty", "currency", "consequences")},
                "stakeholders": list(agreement.stakeholders),
                "told": _told(agreement, notices[-1] if notices else None),
                "notices": [notice.body() for notice in notices],
                "announced_share": announced_share(notices, agreement.notice_h * 3600),
            }
        )
    return listed(rows, args, "breach_at,agreement")


def _told(agreement: Agreement, last: Notice | None) -> list[Row]:
    """Who is told of a breach ahead, and what became of it for the one that is ahead now."""
    receipts = {} if last is None or last.ended_at is not None else last.receipts
    return [{"who": who, "receipt": receipts.get(who)} for who in agreement.stakeholders]


async def _open_incidents(hub: Hub, at: datetime) -> list[Incident]:
    found = await hub.store.find(Kind.INCIDENT, matching=lambda one: one["state"] not in FINISHED, at=at)
    return [msgspec.convert(one, Incident) for one in found]


async def causes(hub: Hub, _session: Session, args: CausesArguments) -> Row:
    """What took its service down in the period, as a tree down to what changed before."""
    now = hub.clock.now()
    [agreement] = chosen(hub, args.name)
    if args.period and (error := period_error(args.period)):
        raise Refused(Code.USAGE, "--period", error)
    zone = hours_of(hub.services.services.get(agreement.service), agreement).zone
    whole = period_window(args.period or agreement.period, now, zone)
    window = Span(whole.start, min(whole.end, now))
    found = await recorded(hub.services, hub.store, hub.measuring, agreement, window, now)
    seen = reviewed(found, window, zone)
    tree = causes_of(seen.outages, {one.number: one for one in found.incidents})
    return {
        **{name: getattr(seen, name) for name in ("name", "service", "target", "actual", "kept", "down_s", "budget_s")},
        "window": {"start": window.start, "end": window.end},
        "causes": msgspec.to_builtins(tree, builtin_types=(datetime,)),
    }


async def gaps(hub: Hub, _session: Session, args: NamesArguments) -> list[Row]:
    services, today = hub.services, hub.clock.now().date()
    found = [
        gap
        for agreement in chosen(hub, args.name)
        if args.name or agreement.source != BUILT_IN
        for gap in lint(agreement, services.agreements, services.services, today)
    ]
    rows = [{**msgspec.to_builtins(gap), "id": f"{gap.agreement}/{number}"} for number, gap in enumerate(found)]
    return listed(rows, args)


async def what_if(hub: Hub, _session: Session, args: WhatIfArguments) -> Row:
    now = args.at or hub.clock.now()
    [agreement] = chosen(hub, args.name)
    changed = taken_terms(agreement, args.terms)
    return {
        "name": agreement.name,
        "now": _feasible(hub, agreement, now, args.months),
        "then": _feasible(hub, changed, now, args.months),
    }


async def portfolio(hub: Hub, _session: Session, args: ListArguments) -> list[Row]:
    now = args.at or hub.clock.now()
    rows = []
    for agreement in hub.services.agreements.values():
        found = feasibility_of(hub, agreement, now)
        kept = [month.kept for month in found.observed]
        rows.append(
            {
                "id": agreement.id,
                "name": agreement.name,
                "service": agreement.service,
                "target": agreement.target,
                "kept": sum(1 for one in kept if one),
                "months": len(kept),
                "trend": [month.actual for month in found.months],
                "value": agreement.value,
                "cost": agreement.cost,
                "currency": agreement.currency,
                "cost_per_nine": None if agreement.cost is None else agreement.cost / nines(agreement.target),
                "value_per_cost": agreement.value / agreement.cost if agreement.value and agreement.cost else None,
                "kwh_a_month": await hub.measuring.kwh_a_month(agreement.service),
                "checks_an_hour": hub.services.members.looks_an_hour(agreement.service),
            }
        )
    return listed(rows, args, "service,name")


def chosen(hub: Hub, name: str) -> list[Agreement]:
    """The agreement of this name, or all that are in force. Raises `Refused`."""
    if not name:
        return list(hub.services.agreements.values())
    agreement = hub.services.agreements.get(name)
    if agreement is None:
        raise not_found("sla", name)
    return [agreement]


def taken_terms(agreement: Agreement, terms: Mapping[str, Any]) -> Agreement:
    """The agreement with these terms. Raises `Refused`."""
    try:
        return with_terms(agreement, terms)
    except TomlError as error:
        raise Refused(Code.USAGE, error.key or "terms", error.why, error.next_step) from error


def feasibility_of(hub: Hub, agreement: Agreement, now: datetime, months: int = MONTHS) -> Feasibility:
    """What the last months would have given under these terms."""
    hours = hours_of(hub.services.services.get(agreement.service), agreement)
    record = record_until(hub.services, agreement.service, now)
    return feasibility(terms_of(agreement, hours, now), record, now, min(max(months, 1), 60))


def _feasible(hub: Hub, agreement: Agreement, now: datetime, months: int) -> Row:
    found = feasibility_of(hub, agreement, now, months)
    hours = hours_of(hub.services.services.get(agreement.service), agreement)
    return {
        "target": agreement.target,
        "hours": hours.spoken,
        "timezone": hours.zone,
        "line": found.line,
        "promise": found.promise,
        "months": [
            {
                "start": month.window.start,
                "actual": month.actual,
                "down_s": month.down_s,
                "budget_s": month.budget_s,
                "kept": month.kept,
            }
            for month in found.months
        ],
    }


VERBS: Mapping[str, Verb] = {
    "sla.forecast": Verb(NamesArguments, ahead),
    "sla.causes": Verb(CausesArguments, causes),
    "sla.lint": Verb(NamesArguments, gaps),
    "sla.whatif": Verb(WhatIfArguments, what_if),
    "sla.portfolio": Verb(ListArguments, portfolio),
}
