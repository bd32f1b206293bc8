"""Ending tasks for certain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_S = 0.5


async def cancelled(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel these and wait until they have ended, however they end.

    More than once where need be: before Python 3.12 `wait_for` loses a cancel that comes together with its result.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        ended, pending = await asyncio.wait(pending, timeout=AGAIN_S)
        for task in ended:
            if not task.cancelled():
                task.exception()  # looked at: nobody else will
