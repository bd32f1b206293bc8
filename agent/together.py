"""Several coroutines that live and end together (Python 3.9 has no TaskGroup)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from checks.cancelled import cancelled


async def together(*parts: Coroutine[Any, Any, Any]) -> None:
    """Run them until the first ends; the others are cancelled and waited for. Raises what the first one raised."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = [task for task in tasks if task.done()]
    finally:
        await cancelled(tasks)
    for task in ended:
        task.result()
