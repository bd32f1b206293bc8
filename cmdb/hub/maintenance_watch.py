"""Which CIs are in maintenance now: the windows on record against the CIs, kept up as either changes.

What lives on a host that is worked on is in maintenance with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from cmdb.clock import Clock
from cmdb.filter import Filter, parse
from cmdb.hub.ledger import Ledger
from cmdb.hub.stirred import stirred
from cmdb.model.change import Delta, Put
from cmdb.model.kind import Kind
from cmdb.model.maintenance import Maintenance
from cmdb.practices.maintenance import open_at, open_spans
from cmdb.store.protocol import Document, Store

ACTOR = "hub"
LONGEST_WAIT_S = 30.0
Changed = Callable[[set[str]], Awaitable[None]]


class MaintenanceWatch:
    """Follows windows and CIs. `listeners` are told of the CIs whose maintenance began or ended."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger, self._store, self._clock = ledger, ledger.store, clock
        self.windows: dict[str, Maintenance] = {}
        self.listeners: list[Changed] = []
        self._holding: dict[str, tuple[Maintenance, datetime]] = {}
        self._selectors: dict[str, Filter] = {}
        self._held: dict[str, str] = {}  # by CI, the window
        self._stirred = asyncio.Event()

    async def load(self, store: Store) -> None:
        self.windows = {one["id"]: msgspec.convert(one, Maintenance) for one in await store.find(Kind.MAINTENANCE)}
        await self.judge()

    async def apply(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if delta.kind is Kind.MAINTENANCE:
                self.windows.pop(delta.id, None)
                if delta.body is not None:
                    self.windows[delta.id] = msgspec.convert(delta.body, Maintenance)
                self._stirred.set()
            elif delta.kind is Kind.CI and self._holding and delta.id not in self._held:
                await self._take_ci(delta)

    async def run(self) -> None:
        while True:
            self._stirred.clear()
            await self.judge()
            await stirred(self._stirred, self._wait_s())

    def stir(self) -> None:
        """Look again now."""
        self._stirred.set()

    def of(self, ci: str | None) -> tuple[Maintenance, datetime] | None:
        """The window that holds for this CI now, and when it ends."""
        return self._holding.get(self._held.get(ci, "")) if ci else None

    async def covered(self, select: str) -> list[Document]:
        """The CIs that a window with this selector covers, with what lives on the hosts among them."""
        selector = parse(select)
        return [ci for ci in await self._store.find(Kind.CI) if await self._selects(selector, ci)]

    def is_open(self, window: str) -> bool:
        return window in self._holding

    def holds(self, ci: str) -> bool:
        return self.of(ci) is not None

    async def selects(self, known: Maintenance, ci: Document) -> bool:
        """Whether the window, open or not, is about this CI or its host."""
        return await self._selects(parse(known.window.select), ci)

    async def trouble(self, ci: Document, at: datetime) -> None:
        """This CI turned bad: a flexible window that waits for that begins."""
        for known in list(self.windows.values()):
            window = known.window
            waits = window.lasts_s and not known.problems and window.start <= at < window.end
            if waits and await self.selects(known, ci):
                begun = msgspec.structs.replace(known, problems=(at,))
                done = await self._ledger.commit(
                    [Put(Kind.MAINTENANCE, begun, known.version)], actor=ACTOR, reason="the first problem came"
                )
                await self.apply(done.deltas if done else ())
                await self.judge()

    async def judge(self) -> None:
        """See which windows hold now, and tell of the CIs for which that changed."""
        now = self._clock.now()
        found = {id_: open_at(one.window, now, one.problems) for id_, one in self.windows.items()}
        holding_now = {id_: (self.windows[id_], span.end) for id_, span in found.items() if span is not None}
        if holding_now == self._holding:
            return
        before = set(self._held)
        self._holding = holding_now
        self._selectors = {id_: parse(one.window.select) for id_, (one, _end) in holding_now.items()}
        self._held = {}
        for ci in await self._store.find(Kind.CI) if holding_now else ():
            if (window_id := await self._window_of(ci)) is not None:
                self._held[ci["id"]] = window_id
        await self._tell(before ^ set(self._held))

    async def _take_ci(self, delta: Delta) -> None:
        if delta.body is not None and (window_id := await self._window_of(delta.body)) is not None:
            self._held[delta.id] = window_id
            await self._tell({delta.id})

    async def _window_of(self, ci: Document) -> str | None:
        """The window that holds for this CI or its host, the one that lasts longest."""
        matching = [id_ for id_, selector in self._selectors.items() if await self._selects(selector, ci)]
        return max(matching, key=lambda id_: self._holding[id_][1], default=None)

    async def _selects(self, selector: Filter, ci: Document) -> bool:
        host = await self._store.get(Kind.CI, ci["host"]) if ci.get("host") not in {None, ci["id"]} else None
        hosts = {} if host is None else {host["id"]: host}
        return selector.matches(ci, related=hosts.get) or (host is not None and selector.matches(host))

    async def _tell(self, cis: set[str]) -> None:
        for listener in self.listeners if cis else ():
            await listener(cis)

    def _wait_s(self) -> float:
        now = self._clock.now()
        soon = now + timedelta(seconds=LONGEST_WAIT_S)
        edges = [
            edge
            for one in self.windows.values()
            for span in open_spans(one.window, now - timedelta(seconds=1), soon, one.problems)
            for edge in span
            if now < edge < soon
        ]
        return max(0.01, min([LONGEST_WAIT_S, *((edge - now).total_seconds() for edge in edges)]))
