"""Short ways to write moments, spans and intervals in the tests of service levels."""

from __future__ import annotations

from datetime import UTC, datetime

from cmdb.model.service import Interval
from cmdb.practices.span import Span
from cmdb.practices.wall_time import zone_named


def utc(text: str) -> datetime:
    """`2026-03-27 16:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(zone: str, text: str) -> datetime:
    """The moment, in UTC, at which a wall in the zone shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=zone_named(zone)).astimezone(UTC)


def span(start: str, end: str) -> Span:
    return Span(utc(start), utc(end))


def interval(state: str, start: datetime, end: datetime | None = None, service: str = "shop") -> Interval:
    return Interval(id=f"{service}@{start.isoformat()}@{state}", service=service, state=state, start=start, end=end)
