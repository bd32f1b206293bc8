"""What changed lately is what the record's history says, however often one looked before."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from cmdb.hub.ledger import Ledger
from cmdb.hub.recent_changes import MOST_ROWS, RecentChanges
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.practices.suspects import LOOKED_BACK
from cmdb.store.memory import MemoryStore
from tests.support.hub import HandClock, ci

HOURS = st.sampled_from([-40, -1, 0, 0, 1, 7, 30])


@given(st.lists(st.tuples(HOURS, st.booleans()), max_size=10))
def test_looking_again_shows_what_reading_everything_would(steps: list[tuple[int, bool]]) -> None:
    asyncio.run(_compared(steps))


async def _compared(steps: list[tuple[int, bool]]) -> None:
    """After each step the clock moves by so many hours, an item changes, and somebody may look."""
    store, clock = MemoryStore(), HandClock()
    ledger, recent = Ledger(store, clock), RecentChanges(store)
    for number, (hours, looks) in enumerate(steps):
        clock.turn(hours=hours)
        await ledger.commit([Put(Kind.CI, ci("h1", "host", name=f"web-{number}"))], actor="mia", reason="test")
        if looks:
            wanted = await store.history(Kind.CI, since=clock.now() - LOOKED_BACK, limit=MOST_ROWS)
            assert await recent.rows(clock.now()) == wanted
