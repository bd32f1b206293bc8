"""What the record holds about an agreement: its terms over time, its service's states, incidents, notices."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from cmdb.hub.measuring import Measuring
from cmdb.hub.service_rows import hours_of, record_until, terms_of
from cmdb.hub.services import Services
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.model.notice import Notice
from cmdb.model.service import Agreement, Service
from cmdb.model.service_review import ReviewedAgreement
from cmdb.practices.agreement_history import Terms
from cmdb.practices.agreement_lint import lint
from cmdb.practices.default_service import BUILT_IN
from cmdb.practices.review import Recorded, reviewed
from cmdb.practices.span import Span
from cmdb.store.protocol import Store


async def reviewed_all(
    services: Services,
    store: Store,
    measuring: Measuring,
    agreements: Iterable[Agreement],
    window: Span,
    zone: str,
    now: datetime,
) -> list[ReviewedAgreement]:
    """The figures of each of these agreements in a window that has passed, by name."""
    found = [
        await recorded(services, store, measuring, one, window, now)
        for one in sorted(agreements, key=lambda one: one.name)
    ]
    return [reviewed(one, window, zone) for one in found]


async def recorded(
    services: Services, store: Store, measuring: Measuring, agreement: Agreement, window: Span, now: datetime
) -> Recorded:
    """Everything that a review of this agreement stands on."""
    return Recorded(
        agreement=agreement,
        service=services.services.get(agreement.service),
        history=await terms_over(store, agreement, window),
        intervals=tuple(record_until(services, agreement.service, window.end)),
        incidents=await _incidents(store, agreement.service, window),
        notices=await notices_of(store, agreement.name),
        gaps=()
        if agreement.source == BUILT_IN
        else lint(agreement, services.agreements, services.services, now.date()),
        answers=await measuring.answers(agreement, window, now),
    )


async def terms_over(store: Store, agreement: Agreement, window: Span) -> tuple[Terms, ...]:
    """The terms as they were at the window's start and after each change within it; the present ones before any."""
    moments = {window.start}
    for kind, id_ in ((Kind.AGREEMENT, agreement.id), (Kind.SERVICE, agreement.service)):
        rows = await store.history(kind, id_, since=window.start, until=window.end)
        moments.update(row.at for row in rows)
    found: list[Terms] = []
    for at in sorted(moments):
        terms = await _terms_at(store, agreement, at)
        if terms is not None and (not found or msgspec.structs.replace(terms, since=found[-1].since) != found[-1]):
            found.append(terms)
    return tuple(found) or (
        terms_of(agreement, hours_of(await _service(store, agreement.service), agreement), window.start),
    )


async def notices_of(store: Store, agreement: str) -> tuple[Notice, ...]:
    found = await store.find(Kind.NOTICE, {"agreement": agreement})
    return tuple(sorted((msgspec.convert(one, Notice) for one in found), key=lambda notice: notice.noticed_at))


async def _terms_at(store: Store, agreement: Agreement, at: datetime) -> Terms | None:
    document = await store.get(Kind.AGREEMENT, agreement.id, at=at)
    if document is None:
        return None
    then = msgspec.convert(document, Agreement)
    return terms_of(then, hours_of(await _service(store, then.service, at), then), at)


async def _service(store: Store, name: str, at: datetime | None = None) -> Service | None:
    document = await store.get(Kind.SERVICE, name, at=at)
    return None if document is None else msgspec.convert(document, Service)


async def _incidents(store: Store, service: str, window: Span) -> tuple[Incident, ...]:
    """Those that were about the service and opened in the window, or went on into it."""
    found = await store.find(
        Kind.INCIDENT,
        matching=lambda one: (
            service in one.get("services", ())
            and one["opened_at"] < window.end
            and (one.get("resolved_at") is None or one["resolved_at"] >= window.start)
        ),
    )
    return tuple(msgspec.convert(one, Incident) for one in found)
