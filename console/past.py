"""A list as it was at a moment: asked for once, whole. Not live: nothing of the past changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, time, timedelta, tzinfo
from typing import Any, Protocol

from cmdb.filter.quantity import moment_of
from cmdb.hub.client import HubGone, HubRefusal
from console.link import Link
from console.views.cells import Row
from console.views.place import Place
from console.views.window import Window

Rows = list[dict[str, Any]]


class Asks(Protocol):
    """A link or a client: whoever can ask the hub."""

    async def call(self, verb: str, /, **args: Any) -> Any:
        """The result of a verb."""


_FINISHED = frozenset({"resolved", "closed"})


def when(words: str, now: datetime, zone: tzinfo | None = None) -> datetime | None:
    """The moment of the past that is meant: `-2h`, `14:00` (the last one that was), ISO 8601; None when it is none."""
    try:
        clock = time.fromisoformat(words) if ":" in words and "-" not in words else None
    except ValueError:
        clock = None
    if clock is not None:
        moment = datetime.combine(now.astimezone(zone).date(), clock).astimezone(zone).astimezone(now.tzinfo)
        return moment if moment <= now else moment - timedelta(days=1)
    span = moment_of(words, now)
    return span[0] if span is not None and span[0] <= now else None


class PastVisit:
    """Fills a window with what a view held at a moment."""

    def __init__(
        self,
        link: Link,
        place: Place,
        sort: str,
        at: datetime,
        window: Window,
        changed: Callable[[], None],
        refused: Callable[[str], None],
    ) -> None:
        self._link, self._place, self._sort, self._at = link, place, sort, at
        self._window, self._changed, self._refused = window, changed, refused

    async def run(self) -> None:
        while True:
            await self._link.client()
            try:
                self._window.take_all(await rows_at(self._link, self._place, self._sort, self._at))
            except HubRefusal as refusal:
                self._refused(str(refusal))
            except HubGone:
                continue
            self._changed()
            return


async def rows_at(link: Asks, place: Place, sort: str, at: datetime | None) -> Rows:
    """All rows of a view at a moment (None: now), filtered and sorted. Raises `HubRefusal`, `HubGone`."""
    asked = {"filter": place.filter, "sort": sort, "at": at}
    return await _ASKED[place.name](link, place, asked)


async def _triage(link: Asks, _place: Place, asked: Mapping[str, Any]) -> Rows:
    # A filter on the state finds those that are over as well.
    found = await link.call("incident.list", **asked)
    incidents = [row for row in found if row.get("state") not in _FINISHED]
    checks = [
        row
        for row in await link.call("check.list", **asked)
        if row.get("state") not in {"ok", "pending"} and row.get("incident") is None
    ]
    return [
        *({**row, "id": f"incident/{row['id']}", "kind": "incident"} for row in incidents),
        *({**row, "id": f"check/{row['id']}", "kind": "check"} for row in checks),
    ]


async def _incidents(link: Asks, _place: Place, asked: Mapping[str, Any]) -> Rows:
    rows: Rows = await link.call("incident.list", resolved=True, **asked)
    return rows


async def _classes(link: Asks, _place: Place, asked: Mapping[str, Any]) -> Rows:
    counts: dict[str, Counter[str]] = {}
    for row in await link.call("ci.list", all=True, **asked):
        counts.setdefault(str(row["class"]), Counter())[str(row["status"])] += 1
    return [
        {"id": class_, "class": class_, "count": found.total(), **found} for class_, found in sorted(counts.items())
    ]


async def _items(link: Asks, place: Place, asked: Mapping[str, Any]) -> Rows:
    rows: Rows = await link.call("ci.list", **asked, **({"class": place.class_} if place.class_ else {}))
    return rows


async def _changes(link: Asks, _place: Place, asked: Mapping[str, Any]) -> Rows:
    rows: Rows = await link.call("history.list", until=asked["at"])
    return [_change(position, row) for position, row in enumerate(rows)]


def _change(position: int, row: Row) -> dict[str, Any]:
    return {**row, "record": row.get("id"), "id": str(position)}


def _listed(verb: str) -> Callable[[Asks, Place, Mapping[str, Any]], Awaitable[Rows]]:
    async def ask(link: Asks, _place: Place, asked: Mapping[str, Any]) -> Rows:
        rows: Rows = await link.call(verb, **asked)
        return rows

    return ask


_ASKED: Mapping[str, Callable[[Asks, Place, Mapping[str, Any]], Awaitable[Rows]]] = {
    "triage": _triage,
    "incidents": _incidents,
    "checks": _listed("check.list"),
    "services": _listed("service.list"),
    "sla": _listed("sla.list"),
    "days": _listed("sla.days"),
    "classes": _classes,
    "ci": _items,
    "agents": _listed("agent.list"),
    "people": _listed("presence.list"),
    "oncall": _listed("oncall.list"),
    "roster": _listed("oncall.roster"),
    "silences": _listed("silence.list"),
    "maintenance": _listed("maintenance.list"),
    "changes": _changes,
}
