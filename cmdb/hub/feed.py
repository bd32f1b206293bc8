"""Live windows on server-side views: one index per view, filter and order, shared by everybody who looks at it.

Changes are gathered and told at most ten times a second, and to a slow reader when it has read the last ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from cmdb.filter import Order
from cmdb.hub.view_index import AT_ONCE, Row, ViewIndex
from cmdb.model.change import Delta
from cmdb.store.protocol import Store

SHORTEST_PAUSE_S = 0.1
LONGEST_WINDOW = 1000
KEPT_UNWATCHED = 16  # indexes that nobody looks at, kept up for who comes back

Accepts = Callable[[Mapping[str, Any]], bool]
Send = Callable[[int, Any], bool]
_log = logging.getLogger(__name__)


class Source(Protocol):
    """The rows of a view: all of them, one of them, and which of them a change in the store touches."""

    default_order: str

    def rows(self) -> AsyncIterator[Row]:
        """Every row now."""

    async def row(self, id_: str) -> Row | None:
        """The row now; None when there is none."""

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        """The ids of rows that these changes may have changed."""


class _Key(NamedTuple):
    name: str
    filter: str
    sort: str


@dataclass(eq=False)
class _Live:
    """An index with the source that feeds it, the ids to look at again, and who looks.

    `kept`: it stays, and is kept up, whether or not anybody looks.
    """

    key: _Key
    source: Source
    index: ViewIndex
    loaded: bool = False
    kept: bool = False
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    stale: set[str] = field(default_factory=set)
    untold: set[str] = field(default_factory=set)  # looked at again, whoever asked for it, and not told to the watchers
    watchers: set[Subscription] = field(default_factory=set)


class Subscription:
    """One open window. `generation` rises with each move, so that the client knows old news from new."""

    def __init__(self, number: int, live: _Live, send: Send) -> None:
        self.number = number
        self.live = live
        self.offset, self.limit, self.anchor = 0, 50, ""
        self.generation = 0
        self._send = send
        self._sent: dict[str, Row] = {}
        self._figures_sent = (0, 0, 0)
        self.news = False

    def move(self, offset: int | None, limit: int | None, anchor: str | None) -> None:
        """Look elsewhere; what is None stays. An offset of its own lets the anchor go."""
        if offset is not None:
            self.offset, self.anchor = offset, ""
        self.limit = self.limit if limit is None else limit
        self.anchor = self.anchor if anchor is None else anchor

    async def snapshot(self, seq: int) -> dict[str, Any]:
        """The whole window as it is now."""
        self._settle()
        self.generation += 1
        ids = self.live.index.window(self.offset, self.limit)
        self._sent = await self._rows(ids)
        self._figures_sent = self._figures()
        self.news = False
        return self._head(seq) | {"rows": [self._sent[id_] for id_ in ids if id_ in self._sent]}

    async def tell(self, seq: int, stale: frozenset[str]) -> None:
        """Send what changed in the window, if anything did; keep it for later when the reader is slow."""
        self._settle()
        ids = self.live.index.window(self.offset, self.limit)
        fresh = await self._rows([id_ for id_ in ids if id_ in stale or id_ not in self._sent])
        changed = {id_: row for id_, row in fresh.items() if self._sent.get(id_) != row}
        ids = [id_ for id_ in ids if id_ in fresh or id_ in self._sent]
        head = self._head(seq)
        if not changed and ids == list(self._sent) and self._figures_sent == self._figures():
            self.news = False
            return
        if not self._send(self.number, head | {"ids": ids, "rows": list(changed.values())}):
            self.news = True
            return
        self._sent = {id_: fresh.get(id_) or self._sent[id_] for id_ in ids}
        self._figures_sent = self._figures()
        self.news = False

    def _settle(self) -> None:
        """Keep the anchor inside the window, and the window inside the rows."""
        position = self.live.index.position(self.anchor) if self.anchor else None
        if position is not None:
            self.offset = min(max(self.offset, position - self.limit + 1), position)
        self.offset = max(0, min(self.offset, self.live.index.matched - 1))

    def _figures(self) -> tuple[int, int, int]:
        return self.live.index.total, self.live.index.matched, self.offset

    def _head(self, seq: int) -> dict[str, Any]:
        total, matched, offset = self._figures()
        return {"seq": seq, "generation": self.generation, "total": total, "matched": matched, "offset": offset}

    async def _rows(self, ids: Iterable[str]) -> dict[str, Row]:
        rows = {id_: await self.live.source.row(id_) for id_ in ids}
        return {id_: row for id_, row in rows.items() if row is not None}


class Feed:
    """Keeps every watched index up with the store and tells the watchers. `run` does it until cancelled."""

    def __init__(self, store: Store, compiled: Callable[[str], Accepts], ordered: Callable[[str], Order]) -> None:
        self._store = store
        self._compiled, self._ordered = compiled, ordered
        self._live: dict[_Key, _Live] = {}
        self._stirred = asyncio.Event()
        self._last_number = 0
        self._seq = store.seq
        self._pause_s = SHORTEST_PAUSE_S

    async def open(self, name: str, source: Source, filter_text: str, sort: str, send: Send) -> Subscription:
        """A subscription to this view; `name` tells views apart. Raises what a wrong filter raises."""
        live = await self._opened(_Key(name, filter_text, sort or source.default_order), source)
        self._last_number += 1
        subscription = Subscription(self._last_number, live, send)
        live.watchers.add(subscription)
        await self._look_again(live)
        return subscription

    async def change(self, subscription: Subscription, filter_text: str | None, sort: str | None) -> None:
        """Another filter or order for an open subscription; what is None stays."""
        before = subscription.live
        wanted_filter = before.key.filter if filter_text is None else filter_text
        wanted_sort = before.key.sort if sort is None else sort or before.source.default_order
        live = await self._opened(_Key(before.key.name, wanted_filter, wanted_sort), before.source)
        before.watchers.discard(subscription)
        subscription.live = live
        live.watchers.add(subscription)
        await self._look_again(live)

    async def ready(self, name: str, source: Source) -> None:
        """Keep this view in its first order, so that who opens it need not wait; up to now as of this call."""
        live = await self._opened(_Key(name, "", source.default_order), source)
        live.kept = True
        if not live.watchers:
            await self._look_again(live)

    @property
    def kept(self) -> list[str]:
        """The names of the views that are ready and up to now."""
        caught_up = self._seq == self._store.seq
        return [live.key.name for live in self._live.values() if caught_up and _is_ready(live)]

    def close(self, subscription: Subscription) -> None:
        subscription.live.watchers.discard(subscription)

    async def apply(self, deltas: Sequence[Delta]) -> None:
        """These records changed."""
        self._seq = deltas[-1].seq if deltas else self._seq
        for live in self._live.values():
            live.stale.update(await live.source.touched(deltas))
            if live.stale and live.watchers:
                self._stirred.set()

    def look_again(self, kind: type, ids: Iterable[str]) -> None:
        """These rows of views from sources of this kind may be other ones by now, without a change in the store."""
        stale = set(ids)
        for live in self._live.values():
            if isinstance(live.source, kind):
                live.stale |= stale
        self._stirred.set()

    async def load(self, store: Store) -> None:
        """Changes were missed: read every index anew."""
        self._seq = store.seq
        for live in self._live.values():
            live.loaded = False
        for live in list(self._live.values()):
            async with live.opening:
                live.stale.clear()
                await live.index.load(live.source.rows())
                live.loaded = True
            for subscription in live.watchers:
                subscription.news = True
        self._stirred.set()

    async def run(self) -> None:
        """Tell the watchers what changed, not more often than they can see."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            for live in list(self._live.values()):
                await self._flush(live)
            await asyncio.sleep(self._pause_s)

    async def _opened(self, key: _Key, source: Source) -> _Live:
        live = self._live.get(key)
        if live is None:
            live = _Live(key, source, ViewIndex(self._compiled(key.filter), self._ordered(key.sort)))
            self._live[key] = live  # before it is loaded: what changes meanwhile is looked at again
            self._forget_unwatched()
        async with live.opening:
            if not live.loaded:
                await live.index.load(source.rows())
                live.loaded = True
        return live

    async def _flush(self, live: _Live) -> None:
        if not live.watchers:
            return
        await self._refresh(live)
        stale, live.untold = frozenset(live.untold), set()
        for subscription in list(live.watchers):
            if stale or subscription.news:
                with contextlib.suppress(ConnectionError):
                    await subscription.tell(self._store.seq, stale)
                if subscription.news:
                    asyncio.get_running_loop().call_later(self._pause_s, self._stirred.set)

    async def _look_again(self, live: _Live) -> None:
        """Bring it up to now for who asks; those who watch are told in their turn."""
        await self._refresh(live)
        if live.untold:
            self._stirred.set()

    async def _refresh(self, live: _Live) -> None:
        async with live.opening:
            stale, live.stale = sorted(live.stale), set()
            for start in range(0, len(stale), AT_ONCE):
                if start:
                    await asyncio.sleep(0)
                live.index.update({id_: await live.source.row(id_) for id_ in stale[start : start + AT_ONCE]})
        if live.watchers:
            live.untold.update(stale)

    def _forget_unwatched(self) -> None:
        unwatched = [key for key, live in self._live.items() if live.loaded and not live.watchers and not live.kept]
        for key in unwatched[: max(0, len(unwatched) - KEPT_UNWATCHED)]:
            del self._live[key]


def _is_ready(live: _Live) -> bool:
    return live.kept and live.loaded and not live.stale and not live.opening.locked()
