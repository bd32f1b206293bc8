"""Keeping something up with the store: load it once, then every batch in order, and load again after a gap."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from cmdb.model.change import Delta
from cmdb.store.protocol import Behind, Store, StoreError

RETRY_S = 5.0
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
        except StoreError as error:
            _log.warning("%s could not take a change; it is read anew: %s", type(follower).__name__, error)
        except Exception:
            _log.exception("%s could not take a change; it is read anew", type(follower).__name__)
        else:
            return
        after_seq = await _read_anew(store, follower)


async def _read_anew(store: Store, follower: Follower) -> int:
    """As often as it takes: some write down what they see, which a full disk refuses. The batch to follow from."""
    while True:
        seq = store.seq
        try:
            await follower.load(store)
        except StoreError as error:
            _log.warning("%s is read anew in %g s: %s", type(follower).__name__, RETRY_S, error)
            await asyncio.sleep(RETRY_S)
        else:
            return seq
