"""Tasks end for certain, also those that lose a cancel."""

from __future__ import annotations

import asyncio

from checks.cancelled import cancelled
from tests.warp import warped


def test_a_task_that_loses_its_first_cancel_ends_with_the_second() -> None:
    async def main() -> None:
        lost = 0

        async def deaf() -> None:
            nonlocal lost
            while True:
                try:
                    await asyncio.sleep(1000)
                except asyncio.CancelledError:
                    lost += 1
                    if lost > 2:
                        raise

        tasks = [asyncio.ensure_future(deaf()), asyncio.ensure_future(asyncio.sleep(0))]
        await asyncio.sleep(0.1)
        await cancelled(tasks)
        assert all(task.done() for task in tasks)

    warped(main())


def test_a_task_that_fails_while_it_ends_is_ended_too() -> None:
    async def main() -> None:
        async def fails() -> None:
            try:
                await asyncio.sleep(1000)
            finally:
                raise RuntimeError("at its end")

        task = asyncio.ensure_future(fails())
        await asyncio.sleep(0)
        await cancelled([task])
        assert isinstance(task.exception(), RuntimeError)

    warped(main())
