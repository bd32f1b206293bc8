"""The last hour of each check on a list is asked for, however many are on it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from console.link import Link
from console.trends import MOST_ASKED, Trends


class Answering:
    """A line to a hub that says the same of each check, and takes no more at once than the hub does."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def call(self, _verb: str, *, ids: list[str]) -> dict[str, Any]:
        assert len(ids) <= MOST_ASKED
        self.asked += ids
        return {id_: {"metric": "load", "values": [1.0]} for id_ in ids}


async def test_more_than_the_hub_takes_at_once_are_asked_in_parts() -> None:
    link, everything = Answering(), asyncio.Event()
    rows = {str(number): {"check": f"c{number}"} for number in range(2 * MOST_ASKED + 1)}
    trends = Trends(cast(Link, link), None, lambda: everything.set() if len(link.asked) == len(rows) else None)
    assert not any(row["trend"] for row in trends.beside(rows).values())
    asking = asyncio.create_task(trends.run())
    await asyncio.wait_for(everything.wait(), 30)
    asking.cancel()
    assert all(row["trend"] == [1.0] for row in trends.beside(rows).values())
    assert link.asked == [f"c{number}" for number in range(len(rows))]
