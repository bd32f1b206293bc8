"""`sla.*`: what was agreed, what was given, and every interval that says so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

import msgspec

from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.rows import Row
from cmdb.hub.service_days import DayRows, days_of, days_row
from cmdb.hub.service_rows import agreement_explained, agreement_row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind
from cmdb.model.service import Agreement
from cmdb.practices.period import period_error


class SlaListArguments(ListArguments, frozen=True, kw_only=True):
    """`period`: another than the agreement's."""

    period: str = ""


class SlaArguments(Arguments, frozen=True, kw_only=True):
    name: str
    period: str = ""
    at: datetime | None = None


async def list_(hub: Hub, _session: Session, args: SlaListArguments) -> list[Row]:
    now, found = args.at or hub.clock.now(), await _in_force(hub, args.at)
    return listed([agreement_row(hub.services, _over(one, args.period), now) for one in found], args, "name")


async def days(hub: Hub, _session: Session, args: ListArguments) -> list[Row]:
    now, rows = args.at or hub.clock.now(), []
    for one in await _in_force(hub, args.at):
        rows.append(days_row(one, days_of(hub.services, one, now)))
        await asyncio.sleep(0)  # a month of days takes a while
    return listed(rows, args, DayRows.default_order)


async def _in_force(hub: Hub, at: datetime | None) -> list[Agreement]:
    documents = await hub.store.find(Kind.AGREEMENT, matching=lambda one: one["id"] == one["name"], at=at)
    return [msgspec.convert(one, Agreement) for one in documents]


async def explain(hub: Hub, _session: Session, args: SlaArguments) -> Row:
    document = await hub.store.get(Kind.AGREEMENT, args.name, at=args.at)
    if document is None:
        raise not_found("sla", args.name)
    agreement = _over(msgspec.convert(document, Agreement), args.period)
    return agreement_explained(hub.services, agreement, args.at or hub.clock.now())


def _over(agreement: Agreement, period: str) -> Agreement:
    """The agreement as if this were its period. Raises `Refused`."""
    if not period:
        return agreement
    if error := period_error(period):
        raise Refused(Code.USAGE, "--period", error)
    return msgspec.structs.replace(agreement, period=period)


VERBS: Mapping[str, Verb] = {
    "sla.list": Verb(SlaListArguments, list_),
    "sla.days": Verb(ListArguments, days),
    "sla.show": Verb(SlaArguments, explain),
    "sla.explain": Verb(SlaArguments, explain),
}
