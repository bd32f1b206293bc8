"""What happens at the door, in the audit: logins, refusals, commands. A flood of refusals makes few rows."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from agent.discovery.clean import clean_text
from cmdb.hub.ledger import Ledger
from cmdb.store.protocol import StoreError

REFUSALS_EVERY_S = 60.0
MOST_SOURCES = 1000  # beyond that many in a minute, sources are not told apart
WAITING_ROWS = 1000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Row:
    actor: str
    reason: str
    summary: str


class Journal:
    """Rows are written in order by one task; the door never waits for the disk."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rows: asyncio.Queue[_Row] = asyncio.Queue(WAITING_ROWS)
        self._refusals: Counter[tuple[str, str]] = Counter()

    def note(self, actor: str, what: str, text: str) -> None:
        """A login, a command, an end."""
        try:
            self._rows.put_nowait(_Row(clean_text(actor, 64), f"ssh {what}", clean_text(text, 500)))
        except asyncio.QueueFull:
            _log.warning("the audit is behind; not written: %s %s %s", actor, what, text)

    def refuse(self, source: str, why: str) -> None:
        """A refusal. The first of its source and kind is written at once, the rest of the minute as a number."""
        name = (source if len(self._refusals) < MOST_SOURCES else "many sources", clean_text(why, 200))
        if name not in self._refusals and len(self._refusals) <= MOST_SOURCES:
            self.note("ssh", "refused", f"{name[0]}: {name[1]}")
        self._refusals[name] += 1

    async def run(self) -> None:
        """Write until cancelled, and then what is left."""
        counting = asyncio.create_task(self._count())
        writing = asyncio.ensure_future(self._write(()))
        try:
            while True:
                rows = [await self._rows.get(), *self._waiting()]
                writing = asyncio.ensure_future(self._write(rows))
                await asyncio.shield(writing)
        finally:
            counting.cancel()
            await writing
            self._sum_up()
            await self._write(self._waiting())

    def _waiting(self) -> list[_Row]:
        """All that wait now."""
        return [self._rows.get_nowait() for _ in range(self._rows.qsize())]

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(REFUSALS_EVERY_S)
            self._sum_up()

    def _sum_up(self) -> None:
        for (source, why), count in self._refusals.items():
            if count > 1:
                self.note("ssh", "refused", f"{source}: {why} ({count - 1} times more)")
        self._refusals.clear()

    async def _write(self, rows: Sequence[_Row]) -> None:
        """At once, in order: in a storm of logins one sync to the disk serves many."""
        await asyncio.gather(*map(self._write_one, rows))

    async def _write_one(self, row: _Row) -> None:
        try:
            await self._ledger.note(actor=row.actor, reason=row.reason, summary=row.summary)
        except StoreError as error:
            _log.warning("not written into the audit (%s): %s %s", error, row.reason, row.summary)
