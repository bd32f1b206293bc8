"""Keeping something up with the store: load it once, then every batch in order, and load again after a gap."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from cmdb.model.change import Delta
from cmdb.store.protocol import Behind, Store

_log = logging.getLogger(__name__)


class Follower(Protocol):
    """Has a picture of the store that deltas keep up to date."""

    async def load(self, store: Store) -> None:
        """Take the store as it is now; forget what was there before."""

    async def apply(self, deltas: Sequence[Delta]) -> None:
        """One batch. Applying what `load` has already seen changes nothing."""


async def follow(store: Store, follower: Follower, after_seq: int) -> None:
    """Apply every batch after this one until the store is closed."""
    while True:
        try:
            async for deltas in store.subscribe(after_seq):
                await follower.apply(deltas)
                after_seq = deltas[-1].seq if deltas else after_seq
                await asyncio.sleep(0)  # with many batches waiting, others get their turn between two
        except Behind as behind:
            _log.warning("%s missed changes: %s", type(follower).__name__, behind)
        except Exception:
            _log.exception("%s could not take a change; it is read anew", type(follower).__name__)
        else:
            return
        after_seq = store.seq
        await follower.load(store)
