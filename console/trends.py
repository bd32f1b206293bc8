"""What the checks on a list measured in the last hour: asked for the rows that are there, anew now and then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cmdb.hub.client import HubGone, HubRefusal
from console.link import Link
from console.views.cells import Row

EVERY_S = 30.0
MOST_ASKED = 200


class Trends:
    """By check the values of its last hour. Rows get them as `trend`."""

    def __init__(self, link: Link, at: datetime | None, changed: Callable[[], None]) -> None:
        self._link, self._at, self._changed = link, at, changed
        self._known: dict[str, Sequence[float | None] | None] = {}
        self._asked_at: dict[str, float] = {}
        self._due: list[str] = []
        self._wanted = asyncio.Event()

    def beside(self, rows: Mapping[str, Row]) -> dict[str, Row]:
        """The rows with what is known; what is not known, or no longer new, is asked for."""
        self._want(str(row["check"]) for row in rows.values() if row.get("check"))
        return {id_: {**row, "trend": self._known.get(str(row.get("check")))} for id_, row in rows.items()}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._wanted.wait()
            ids, self._due = self._due[:MOST_ASKED], self._due[MOST_ASKED:]
            if not self._due:
                self._wanted.clear()
            until: dict[str, Any] = {} if self._at is None else {"until": self._at}
            try:
                answer = await self._link.call("check.trends", ids=ids, **until)
            except (HubGone, HubRefusal):
                continue
            fresh = {id_: answer[id_]["values"] if id_ in answer else None for id_ in ids}
            if any(self._known.get(id_) != values for id_, values in fresh.items()):
                self._known |= fresh
                self._changed()

    def _want(self, ids: Iterable[str]) -> None:
        now = time.monotonic()
        due = [id_ for id_ in ids if now - self._asked_at.get(id_, -EVERY_S) >= EVERY_S]
        if due:
            self._asked_at.update(dict.fromkeys(due, now))
            self._due += due
            self._wanted.set()
