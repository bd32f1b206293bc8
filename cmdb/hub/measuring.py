"""What the checks of services measured, as agreements want it: how quickly they answered, and what fills up when.

Looked at now and then, and kept in memory: the series lie in a file of their own.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from checks.rollup import SPANS, Rollup
from cmdb.hub.service_rows import hours_of
from cmdb.hub.services import Services
from cmdb.model.answers import Answers
from cmdb.model.kind import Kind
from cmdb.model.service import Agreement
from cmdb.practices.capacity import Limit, Point, reaches
from cmdb.practices.duration import spoken
from cmdb.practices.energy import HostSize, kwh_a_month
from cmdb.practices.forecast import CAPACITY, Ahead
from cmdb.practices.latency import METRICS, answers
from cmdb.practices.period import period_window
from cmdb.practices.span import Span
from cmdb.series.file import SeriesFile
from cmdb.series.measured import Series
from cmdb.store.protocol import Document, Store, StoreError

LOOK_EVERY_S = 300.0
TREND = timedelta(days=14)
HOURS_KEPT = timedelta(days=60)
FULL = 100.0
# By type of check: the metrics that fill up.
FILLING = {"filesystem": ("used_percent", "inodes_percent"), "memory": ("used_percent",)}
_log = logging.getLogger(__name__)


class Measuring:
    """`run` looks again and again; `answers` are by agreement, `limits` by host."""

    def __init__(self, store: Store, series: SeriesFile, services: Services) -> None:
        self._store, self._series, self._services = store, series, services
        self.limits: dict[str, list[tuple[str, Limit]]] = {}
        self._looking = asyncio.Lock()

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except StoreError as error:
                _log.warning("what was measured is looked at again in %g s: %s", LOOK_EVERY_S, error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """All agreements with a time to answer, and all hosts that a service stands on; one look after the other."""
        async with self._looking:
            await self._look(self._services.clock.now())

    async def _look(self, now: datetime) -> None:
        for agreement in list(self._services.agreements.values()):
            if agreement.latency_ms is not None:
                zone = hours_of(self._services.services.get(agreement.service), agreement).zone
                window = period_window(agreement.period, now, zone)
                self._services.answers[agreement.id] = await self.answers(agreement, window, now)
        self.limits = await self._limits(now)

    async def answers(self, agreement: Agreement, window: Span, now: datetime) -> Answers | None:
        """How quickly its service answered in this window."""
        if agreement.latency_ms is None:
            return None
        span = "1h" if now - window.start < HOURS_KEPT else "1d"
        hours = hours_of(self._services.services.get(agreement.service), agreement)
        measured = await self._answered(agreement.service, span, window)
        return answers(measured, hours, SPANS[span], agreement.latency_ms, agreement.latency_share)

    def ahead(self, agreement: Agreement) -> Iterator[Ahead]:
        """What its service stands on and will be full."""
        for host in self._services.members.hosts_of(agreement.service):
            for name, limit in self.limits.get(host, ()):
                yield Ahead(kind=CAPACITY, at=limit.at, why=_why(name, limit, self._services.clock.now()))

    async def kwh_a_month(self, service: str) -> float | None:
        """About what its hosts take, shared evenly with the other services on them; None where none is known."""
        shares = []
        for host in sorted(self._services.members.hosts_of(service)):
            size = await self._size(host)
            if size.threads:
                shares.append(kwh_a_month(size) / max(1, len(self._services.members.services_on(host))))
        return round(sum(shares), 2) if shares else None

    async def _size(self, host: str) -> HostSize:
        members = self._services.members
        threads = sum(int(one["attributes"].get("threads") or 0) for one in members.on_host(host, "cpu"))
        memory = sum(float(one["attributes"].get("size_bytes") or 0) for one in members.on_host(host, "memory"))
        load = await self._store.get(Kind.CHECK, f"{host}/load")
        metrics = {} if load is None else {one["name"]: one["value"] for one in load["metrics"]}
        return HostSize(threads, memory, metrics.get("load15_per_cpu"))

    async def _answered(self, service: str, span: str, window: Span) -> list[Rollup]:
        """Of each item the most telling metric that was measured."""
        by_item: defaultdict[str, list[Series]] = defaultdict(list)
        for check in sorted(self._services.members.checks_of(service)):
            found = await self._series.series(check, span, window.start, window.end)
            by_item[check.partition("/")[0]] += [one for one in found if one.metric in METRICS]
        telling = (min(several, key=lambda one: METRICS.index(one.metric)) for several in by_item.values() if several)
        return [rollup for series in telling for rollup in series.points]

    async def _limits(self, now: datetime) -> dict[str, list[tuple[str, Limit]]]:
        hosts = {host for service in self._services.services for host in self._services.members.hosts_of(service)}
        found: defaultdict[str, list[tuple[str, Limit]]] = defaultdict(list)
        for check in await self._store.find(Kind.CHECK, matching=lambda one: one["type"] in FILLING):
            item = self._services.members.known(check["ci"])
            host = "" if item is None else item["host"] or check["ci"]
            if item is not None and host in hosts:
                found[host] += [one async for one in self._filling(check, item, now)]
        return dict(found)

    async def _filling(self, check: Document, item: Document, now: datetime) -> Any:
        for series in await self._series.series(check["id"], "1h", now - TREND, now):
            if series.metric in FILLING[check["type"]] and (limit := reaches(_points(series), FULL, now)):
                yield f"{item['name']}{self._on(item)} {series.metric}", limit

    def _on(self, item: Document) -> str:
        host = self._services.members.known(item["host"] or "")
        return "" if host is None or host["id"] == item["id"] else f" on {host['name']}"


def _points(series: Series) -> Sequence[Point]:
    return [Point(rollup.start, rollup.last) for rollup in series.points]


def _why(name: str, limit: Limit, now: datetime) -> str:
    ahead = spoken(max(0.0, (limit.at - now).total_seconds()))
    return (
        f"{name} is at {limit.value:.0f} % and rises {limit.per_day:.1f} % a day: full in {ahead} "
        f"({limit.points} hours of measurements, fit {limit.fit:.2f})"
    )
