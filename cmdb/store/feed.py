"""The last batches' deltas, and those who follow them. Not their order or their truth: those are the store's.

All subscribers read the same bounded ring, each at its own position: one that does not keep up costs no memory and
gets `Behind` when the ring has moved past it.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Sequence

from cmdb.model.change import Delta
from cmdb.store.protocol import Behind

KEEP_DELTAS = 5_000  # about 12 MB, and 4 ms of each full garbage collection


class Feed:
    """Kept in one event loop. `seq` is that of the last batch published."""

    def __init__(self, seq: int = 0, *, keep_deltas: int = KEEP_DELTAS) -> None:
        self.seq = seq
        self.ended = False
        self._keep_deltas = keep_deltas
        self._batches: deque[Sequence[Delta]] = deque()
        self._deltas = 0
        self._subscriptions: weakref.WeakSet[FeedSubscription] = weakref.WeakSet()

    def publish(self, deltas: Sequence[Delta]) -> None:
        """The next batch, visible from now on."""
        self.seq += 1
        self._batches.append(deltas)
        self._deltas += len(deltas)
        while self._deltas > self._keep_deltas and len(self._batches) > 1:
            self._deltas -= len(self._batches.popleft())
        if deltas and self._subscriptions:  # what only notes something can wait for what changes something
            self._wake_all()

    def batch(self, seq: int) -> Sequence[Delta]:
        """Raises `Behind` when it is not kept."""
        oldest = self.seq - len(self._batches) + 1
        if not oldest <= seq <= self.seq:
            raise Behind(
                "subscription", f"batch {seq} is not among {oldest} to {self.seq}", "read anew, subscribe anew"
            )
        return self._batches[seq - oldest]

    def subscribe(self, after_seq: int | None = None) -> FeedSubscription:
        """Raises `Behind` when the batch after that one is not kept, or that one has not been written yet."""
        seq = self.seq if after_seq is None else after_seq
        if seq != self.seq:
            self.batch(seq + 1)
        subscription = FeedSubscription(self, seq)
        self._subscriptions.add(subscription)
        return subscription

    def end(self) -> None:
        """Every subscription ends once it has read what is there."""
        self.ended = True
        self._wake_all()

    def _wake_all(self) -> None:
        for subscription in self._subscriptions:
            subscription.wake()


class FeedSubscription:
    """An iterator over batches for one reader, subscribed from the moment it was made."""

    def __init__(self, feed: Feed, seq: int) -> None:
        self.seq = seq  # of the last batch read
        self._feed = feed
        self._closed = False
        self._news = asyncio.Event()

    def __aiter__(self) -> FeedSubscription:
        return self

    async def __anext__(self) -> Sequence[Delta]:
        while not self._closed:
            if self.seq < self._feed.seq:
                deltas = self._feed.batch(self.seq + 1)
                self.seq += 1
                return deltas
            if self._feed.ended:
                break
            self._news.clear()
            await self._news.wait()
        raise StopAsyncIteration

    def wake(self) -> None:
        self._news.set()

    def close(self) -> None:
        """End it now, also for a reader that is waiting."""
        self._closed = True
        self.wake()
