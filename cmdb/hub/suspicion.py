"""Finds the suspects of new incidents: in the history of what they depend on, and in the work planned on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from cmdb.hub.maintenance_watch import MaintenanceWatch
from cmdb.hub.recent_changes import RecentChanges
from cmdb.hub.upstream import Upstream
from cmdb.model.change import HistoryRow
from cmdb.model.incident import Incident, Suspect
from cmdb.model.kind import Kind
from cmdb.model.maintenance import Maintenance
from cmdb.practices.maintenance import open_spans
from cmdb.practices.suspects import LOOKED_BACK, suspects
from cmdb.store.protocol import Store

MOST_INCIDENTS = 20  # of one batch: in a storm the first ones tell


class Suspicion:
    """Looks at the last day's changes once for all incidents of a batch."""

    def __init__(self, store: Store, upstream: Upstream, maintenance: MaintenanceWatch) -> None:
        self._store, self._upstream, self._maintenance = store, upstream, maintenance
        self._recent = RecentChanges(store)

    async def of(self, incidents: Iterable[Incident], now: datetime) -> list[Incident]:
        """These incidents with their suspects."""
        wanted = [incident for incident in incidents if incident.ci is not None][:MOST_INCIDENTS]
        if not wanted:
            return []
        rows = await self._recent.rows(now)
        return [msgspec.structs.replace(one, suspects=await self._suspects(one, rows)) for one in wanted]

    async def _suspects(self, incident: Incident, rows: Sequence[HistoryRow]) -> tuple[Suspect, ...]:
        assert incident.ci is not None
        near = {incident.ci: 0, **await self._upstream.distances(incident.ci)}
        distances, names = dict(near), {}
        found_at_first: set[str] = set()  # with their host: that they appeared is no change
        for id_ in {row.id for row in rows}:
            ci = await self._store.get(Kind.CI, id_)
            if ci is None:
                continue
            names[id_] = ci["name"]
            host = await self._store.get(Kind.CI, ci["host"]) if ci.get("host") else None
            if host is not None and host["first_seen"] == ci["first_seen"]:
                found_at_first.add(id_)
            # What lives on the same host is one step further off than the host itself.
            if id_ not in near and ci.get("host") in near:
                distances[id_] = near[ci["host"]] + 1
        changes = [row for row in rows if row.attribute or row.id not in found_at_first]
        planned = [one async for one in self._planned(near, incident.opened_at)]
        return suspects(changes, distances, names, incident.opened_at, planned)

    async def _planned(self, near: Mapping[str, int], opened_at: datetime) -> AsyncIterator[Suspect]:
        """The work that was going on in that time on any of these, at the nearest of them."""
        for known in self._maintenance.windows.values():
            spans = open_spans(known.window, opened_at - LOOKED_BACK, opened_at, known.problems)
            if spans and (ci := await self._worked_on(known, near)) is not None:
                what = f"planned work: {known.window.title}, by {known.by}"
                yield Suspect(at=spans[-1].start, ci=ci, what=what, distance=near[ci])

    async def _worked_on(self, known: Maintenance, near: Mapping[str, int]) -> str | None:
        for id_ in sorted(near, key=near.__getitem__):
            ci = await self._store.get(Kind.CI, id_)
            if ci is not None and await self._maintenance.selects(known, ci):
                return id_
        return None
