"""A year of 200 services, as it went and by replay; opening the SLA screen; business time beside counting minutes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from holidays import country_holidays

from cmdb.hub.ledger import Ledger
from cmdb.hub.service_members import ServiceMembers
from cmdb.hub.service_views import AgreementRows
from cmdb.hub.services import Services
from cmdb.model.change import Change, Put
from cmdb.model.kind import Kind
from cmdb.model.service import Agreement, Component, Service
from cmdb.practices.business_time import elapsed_s
from cmdb.store.memory import MemoryStore
from tests.support.hub import HandClock
from tests.support.simulated_year import CALENDARS, END, START, SimulatedService, simulated_year
from tests.support.year_by_year import (
    clocks_as_they_went,
    clocks_from_the_record,
    months_as_they_went,
    months_from_the_record,
)

SERVICES = 200
ITEMS = 100_000
T = TypeVar("T")


def run() -> None:
    year, made_s = _timed(lambda: simulated_year(SERVICES))
    intervals = sum(len(service.record) for service in year)
    incidents = sum(len(service.incidents) for service in year)
    print(f"a year of {SERVICES} services: {intervals} intervals, {incidents} incidents (made in {made_s:.2f} s)")
    live, live_s = _timed(lambda: [(months_as_they_went(one), clocks_as_they_went(one)) for one in year])
    replayed, replayed_s = _timed(lambda: [(months_from_the_record(one), clocks_from_the_record(one)) for one in year])
    verdict = "equal to the second" if live == replayed else "DIFFERENT"
    print(f"as it went {live_s:.2f} s, by replay {replayed_s:.2f} s (limit 10 s): {verdict}")
    opened_ms = asyncio.run(_screen_ms(year))
    print(f"SLA screen, {SERVICES} agreements over 30 d: {opened_ms:.0f} ms (limit 100 ms)")
    _beside_counting_minutes()
    _members()


def _members() -> None:
    """Two components a service, each on its own host; hosts are named, as people write them."""
    members = ServiceMembers()
    services = [
        Service(id=f"s{number}", name=f"s{number}", components=tuple(_parts_of(f"host-{number}")))
        for number in range(SERVICES)
    ]
    _, taken_s = _timed(lambda: [members.take_ci(body["id"], body) for body in map(_item, range(ITEMS))])
    begin = time.perf_counter()
    for service in services:
        members.take_service(service.id, service)
    selected_s = time.perf_counter() - begin
    again = [_item(number) for number in range(0, ITEMS, 10)]
    _, changed_s = _timed(lambda: [members.take_ci(body["id"], body) for body in again])
    print(
        f"{ITEMS} items: taken in {taken_s:.1f} s, {SERVICES} services select theirs in {selected_s:.1f} s, "
        f"a changed item costs {changed_s / len(again) * 1e6:.0f} µs"
    )


def _parts_of(host: str) -> Iterator[Component]:
    for class_ in ("endpoint", "filesystem"):
        yield Component(name=class_, select=f"class={class_} host={host}")


def _item(number: int) -> dict[str, Any]:
    """Of every hundred items of a host: itself, 5 endpoints, 5 filesystems, packages."""
    host, kind = divmod(number, 100)
    class_ = "host" if kind == 0 else "endpoint" if kind < 6 else "filesystem" if kind < 11 else "package"
    name = f"host-{host}" if kind == 0 else f"item-{number}"
    return {"id": f"c{number}", "class": class_, "name": name, "status": "in_use", "host": f"c{host * 100}"}


async def _screen_ms(year: list[SimulatedService]) -> float:
    """The best of ten readings of all rows of the view."""
    clock = HandClock(END)
    services = Services(Ledger(MemoryStore(), clock), clock)
    changes: list[Change] = []
    for one in year:
        hours = one.terms[-1].hours
        service = Service(id=one.name, name=one.name, hours=hours.text, timezone=hours.zone, holidays=hours.holidays)
        agreement = Agreement(id=one.name, name=one.name, service=one.name, target=one.terms[-1].target)
        changes += [Put(Kind.SERVICE, service), Put(Kind.AGREEMENT, agreement)]
        changes += [Put(Kind.INTERVAL, interval) for interval in one.record]
    store = MemoryStore()
    await Ledger(store, clock).commit(changes, actor="bench", reason="a year")
    await services.load(store)
    rows = AgreementRows(services, clock)
    times = []
    for _ in range(10):
        begin = time.perf_counter()
        assert len([row async for row in rows.rows()]) == SERVICES
        times.append((time.perf_counter() - begin) * 1000)
    return min(times)


def _beside_counting_minutes() -> None:
    office = CALENDARS[1]
    ours, ours_s = _timed(lambda: elapsed_s(office, START, END))
    counted, counted_s = _timed(lambda: _open_minutes(START, END) * 60)
    print(
        f"business time of a year: {ours_s * 1000:.2f} ms, by counting its minutes {counted_s * 1000:.0f} ms: "
        f"{counted_s / ours_s:.0f} times as long, {'the same' if ours == counted else 'ANOTHER'} result"
    )


def _open_minutes(start: datetime, end: datetime) -> int:
    """The open minutes of office hours in Madrid, one after the other: what we compute, without our arithmetic."""
    zone, closed, minutes = ZoneInfo("Europe/Madrid"), country_holidays("ES", subdiv="MD", years=2026), 0
    while start < end:
        local = start.astimezone(zone)
        minutes += local.weekday() < 5 and 9 <= local.hour < 17 and local.date() not in closed
        start += timedelta(minutes=1)
    return minutes


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    begin = time.perf_counter()
    return work(), time.perf_counter() - begin
