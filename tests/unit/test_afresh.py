"""What was read and changed meanwhile is decided anew: so many times, and not where that cannot help."""

from __future__ import annotations

import pytest

from cmdb.hub.afresh import decided_afresh
from cmdb.model.kind import Kind
from cmdb.store.protocol import StaleVersion


class Race:
    """Lost so many times."""

    def __init__(self, lost: int) -> None:
        self.lost, self.tried = lost, 0

    async def attempt(self) -> str:
        self.tried += 1
        if self.tried <= self.lost:
            raise StaleVersion(Kind.CI, "h1", 1, 2, None)
        return "won"


async def test_who_loses_reads_again() -> None:
    race = Race(lost=2)
    assert await decided_afresh(race.attempt, 3) == "won"
    assert race.tried == 3


async def test_after_so_many_tries_it_is_said() -> None:
    race = Race(lost=9)
    with pytest.raises(StaleVersion):
        await decided_afresh(race.attempt, 3)
    assert race.tried == 3


async def test_what_is_final_is_said_at_once() -> None:
    race = Race(lost=9)
    with pytest.raises(StaleVersion):
        await decided_afresh(race.attempt, 3, final=lambda stale: stale.kind is Kind.CI)
    assert race.tried == 1
