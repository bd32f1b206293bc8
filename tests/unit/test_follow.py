"""A picture of the record is kept up whatever its keeper meets: what cannot be written now is no end of the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from cmdb.hub import follow as module
from cmdb.hub.follow import follow
from cmdb.model.change import Delta
from cmdb.store.memory import MemoryStore
from cmdb.store.protocol import Store, StoreFull
from tests.contract.batches import batch, host


class Noting:
    """Writes down what it sees, where that is possible."""

    def __init__(self, refusals: int) -> None:
        self.seqs: list[int] = []
        self._refusals: Iterator[None] = iter([None] * refusals)

    async def load(self, store: Store) -> None:
        self._note(store.seq)

    async def apply(self, deltas: Sequence[Delta]) -> None:
        self._note(deltas[0].seq)

    def _note(self, seq: int) -> None:
        for _ in self._refusals:
            raise StoreFull("series.db", "no room left on its disk")
        self.seqs.append(seq)


@pytest.mark.parametrize("refusals", [0, 1, 3])
async def test_a_follower_that_cannot_write_is_read_anew_until_it_can_and_follows_on(
    refusals: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    store, follower = MemoryStore(), Noting(refusals)
    following = asyncio.create_task(follow(store, follower, store.seq))
    await store.commit(batch(host("h1")))
    while not follower.seqs:
        await asyncio.sleep(0)
    await store.commit(batch(host("h2")))
    await store.close()
    await following
    assert follower.seqs == [1, 2]
