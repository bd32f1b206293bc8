"""Reading, deciding and writing as often as it takes, where somebody else may write in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from cmdb.store.protocol import StaleVersion

T = TypeVar("T")


async def decided_afresh(
    attempt: Callable[[], Awaitable[T]], tries: int, *, final: Callable[[StaleVersion], bool] = lambda _stale: False
) -> T:
    """What `attempt` gives, made anew whenever what it read was changed before it wrote.

    Raises `StaleVersion` after so many tries, or at once where that is `final`.
    """
    for _ in range(tries - 1):
        try:
            return await attempt()
        except StaleVersion as stale:
            if final(stale):
                raise
    return await attempt()
