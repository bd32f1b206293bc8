"""What the `silences` and `maintenance` views show. Their states change with the clock, too: see `passing_time`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime

import msgspec

from cmdb.clock import Clock
from cmdb.hub.quiet_rows import maintenance_row, silence_row
from cmdb.hub.rows import Row
from cmdb.model.change import Delta
from cmdb.model.kind import Kind
from cmdb.model.maintenance import Maintenance
from cmdb.model.silence import Silence
from cmdb.store.protocol import Document, Store

Shown = Callable[[Document, datetime], Row]


class QuietRows:
    """Records of one kind that hold for a while; those that are over only with `ended`."""

    def __init__(
        self, store: Store, clock: Clock, kind: Kind, shown: Shown, default_order: str, over: str, *, ended: bool
    ) -> None:
        self._store, self._clock, self._kind, self._shown = store, clock, kind, shown
        self._over, self._ended = over, ended
        self.default_order = default_order

    async def rows(self) -> AsyncIterator[Row]:
        for document in await self._store.find(self._kind):
            row = self._shown(document, self._clock.now())
            if self._wanted(row):
                yield row

    async def row(self, id_: str) -> Row | None:
        document = await self._store.get(self._kind, id_)
        row = None if document is None else self._shown(document, self._clock.now())
        return row if row is not None and self._wanted(row) else None

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        return {delta.id for delta in deltas if delta.kind is self._kind}

    def _wanted(self, row: Row) -> bool:
        return self._ended or row["state"] != self._over


def silences(store: Store, clock: Clock, *, ended: bool) -> QuietRows:
    """Those that end soonest first."""
    return QuietRows(store, clock, Kind.SILENCE, _silence, "end,id", "ended", ended=ended)


def maintenance(store: Store, clock: Clock, *, ended: bool) -> QuietRows:
    """Those that begin soonest first."""
    return QuietRows(store, clock, Kind.MAINTENANCE, _maintenance, "start,id", "over", ended=ended)


def _silence(document: Document, now: datetime) -> Row:
    return silence_row(msgspec.convert(document, Silence), now)


def _maintenance(document: Document, now: datetime) -> Row:
    return maintenance_row(msgspec.convert(document, Maintenance), now)
