"""Approved states as people see them, in lists and as a view: how much drifted from each, and how much is let be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cmdb.clock import Clock
from cmdb.hub.rows import Row
from cmdb.model.baseline import Baseline
from cmdb.model.change import Delta
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.practices.baseline import drifted, snapshot
from cmdb.store.protocol import Document, Store


class BaselineRows:
    """All of them; what happens to the items that one is of moves its counts."""

    default_order = "name,ci_name"

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._shown: set[str] = set()

    async def rows(self) -> AsyncIterator[Row]:
        for document in await self._store.find(Kind.BASELINE):
            yield await self._row(document)

    async def row(self, id_: str) -> Row | None:
        document = await self._store.get(Kind.BASELINE, id_)
        return None if document is None else await self._row(document)

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        own = {delta.id for delta in deltas if delta.kind is Kind.BASELINE}
        items = [delta for delta in deltas if delta.kind is Kind.CI]
        hosts = {str(delta.body["host"]) for delta in items if delta.body}
        return own | (self._shown & (hosts | {delta.id for delta in items}))

    async def _row(self, document: Document) -> Row:
        self._shown.add(document["id"])
        return await baseline_row(self._store, self._clock.now(), msgspec.convert(document, Baseline))


async def baseline_row(store: Store, now: datetime, baseline: Baseline) -> Row:
    """The baseline without its items, with the number of what drifted and of what is let be."""
    ci = await store.get(Kind.CI, baseline.ci)
    found = drifted(baseline, {} if ci is None else await items_of(store, ci), now)
    return {
        **{name: value for name, value in baseline.body().items() if name != "items"},
        "ci_name": baseline.ci if ci is None else ci["name"],
        "items": len(baseline.items),
        "drift": sum(1 for one in found if not one.waived),
        "waived": sum(1 for one in found if one.waived),
    }


async def items_of(store: Store, ci: Document, at: datetime | None = None) -> dict[str, dict[str, Any]]:
    """What a baseline keeps: of a host, all that is on it; else the CI alone."""
    if ci.get("host") != ci["id"]:
        return snapshot([msgspec.convert(ci, ConfigurationItem)], alone=True)
    found = await store.find(Kind.CI, {"host": ci["id"]}, at=at)
    return snapshot(msgspec.convert(one, ConfigurationItem) for one in found)
