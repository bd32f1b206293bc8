"""Waiting for a reason to look again, or until it is time anyway."""

from __future__ import annotations

import asyncio
import contextlib


async def stirred(event: asyncio.Event, limit_s: float | None) -> None:
    """Until the event is set, at most so long.

    Not `wait_for`: before Python 3.12 it loses a cancel that comes together with the event, and its task never ends.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await event.wait()
