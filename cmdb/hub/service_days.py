"""Agreements day by day over four weeks, as the view `days` and `sla.days` show them: services down, days across."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from cmdb.clock import Clock
from cmdb.hub.service_rows import hours_of, record_until, terms_of
from cmdb.hub.service_views import touched_agreements
from cmdb.hub.services import Services
from cmdb.model.change import Delta
from cmdb.model.service import Agreement
from cmdb.practices.day_by_day import Day, day_by_day
from cmdb.practices.period import period_window
from cmdb.practices.span import Span

Row = dict[str, Any]
WEEKS = 4  # the present one included


def days_row(agreement: Agreement, days: Sequence[Day]) -> Row:
    """An agreement with the share of each of its days; None where nothing was observed."""
    return {
        "id": agreement.id,
        "name": agreement.name,
        "service": agreement.service,
        "target": agreement.target,
        "worst": min((day.share for day in days if day.share is not None), default=None),
        "missed": sum(day.share is not None and day.share < agreement.target for day in days),
        "days": [{"day": day.day.isoformat(), "share": day.share} for day in days],
    }


def days_of(services: Services, agreement: Agreement, now: datetime) -> tuple[Day, ...]:
    """Its days from a Monday on, in its own zone, as far as the record goes back."""
    return _Weeks(services, agreement, now).days(None)


class _Weeks:
    """The weeks of one agreement up to now: days that are over, and today."""

    def __init__(self, services: Services, agreement: Agreement, now: datetime) -> None:
        hours = hours_of(services.services.get(agreement.service), agreement)
        self._record = record_until(services, agreement.service, now)
        self._terms, self._zone = terms_of(agreement, hours, now), hours.zone
        monday = period_window("week", now, hours.zone).start
        first = period_window("week", monday - timedelta(weeks=WEEKS - 1, hours=-12), hours.zone).start
        self._start = max(first, self._record[0].start) if self._record else now
        self._midnight, self._now = period_window("day", now, hours.zone).start, now
        versions = sum(interval.version for interval in self._record)
        self.known_by = agreement, hours, first, self._midnight, len(self._record), versions

    def over(self) -> tuple[Day, ...]:
        return self._counted(Span(self._start, self._midnight))

    def days(self, over: tuple[Day, ...] | None) -> tuple[Day, ...]:
        return (self.over() if over is None else over) + self._counted(
            Span(max(self._midnight, self._start), self._now)
        )

    def _counted(self, window: Span) -> tuple[Day, ...]:
        if window.start >= window.end:
            return ()
        return day_by_day([self._terms], self._record, window, self._zone, 0.0)


class DayRows:
    """Rows of the view. Days that are over are counted again only when what is known of them is another."""

    default_order = "worst,name"

    def __init__(self, services: Services, clock: Clock) -> None:
        self._services, self._clock = services, clock
        self._over: dict[str, tuple[object, tuple[Day, ...]]] = {}

    async def rows(self) -> AsyncIterator[Row]:
        for agreement in list(self._services.agreements.values()):
            yield self._row(agreement)
            await asyncio.sleep(0)  # a month of days takes a while

    async def row(self, id_: str) -> Row | None:
        agreement = self._services.agreements.get(id_)
        return None if agreement is None else self._row(agreement)

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        return touched_agreements(self._services, deltas)

    def _row(self, agreement: Agreement) -> Row:
        weeks = _Weeks(self._services, agreement, self._clock.now())
        known_by, over = self._over.get(agreement.id, (None, ()))
        if known_by != weeks.known_by:
            over = weeks.over()
            self._over[agreement.id] = weeks.known_by, over
        return days_row(agreement, weeks.days(over))
