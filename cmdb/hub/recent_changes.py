"""The last day's changes of configuration items, kept in memory: each look reads only what is new since the last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from cmdb.model.change import HistoryRow
from cmdb.model.kind import Kind
from cmdb.practices.suspects import LOOKED_BACK
from cmdb.store.protocol import Store

MOST_ROWS = 2000


class RecentChanges:
    """At most `MOST_ROWS`, the newest first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: list[HistoryRow] = []
        self._looked_at: datetime | None = None

    async def rows(self, now: datetime) -> Sequence[HistoryRow]:
        """What changed within `LOOKED_BACK` before now."""
        earliest, known = now - LOOKED_BACK, self._rows
        if self._looked_at is None or now < self._looked_at:  # a clock that was set back: older rows count again
            known = []
        since = max(known[0].at, earliest) if known else earliest
        found = await self._store.history(Kind.CI, since=since, limit=MOST_ROWS)
        newest = known[0].seq if known else 0
        known = [*takewhile(lambda row: row.seq > newest, found), *known][:MOST_ROWS]
        self._rows, self._looked_at = [row for row in known if row.at >= earliest], now
        return self._rows
