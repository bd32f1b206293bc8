"""A block that takes too long is ended, whatever else runs beside it."""

from __future__ import annotations

import asyncio

import pytest

from checks.deadline import Deadline, Expired
from tests.warp import warp_loop, warped


def test_each_block_ends_at_its_own_time() -> None:
    async def block(seconds: float) -> float:
        began = warp_loop().time()
        with pytest.raises(Expired), Deadline(seconds):
            await asyncio.sleep(3600)
        return warp_loop().time() - began

    async def main() -> None:
        limits_s = [10.0, 0.5, 3.0, 3.01, 0.001, 60.0]
        for limit_s, took_s in zip(limits_s, await asyncio.gather(*map(block, limits_s)), strict=True):
            assert limit_s <= took_s <= limit_s + 0.05

    warped(main())


def test_a_block_in_time_leaves_nothing_to_expire() -> None:
    async def main() -> None:
        for _ in range(1000):
            with Deadline(1.0):
                await asyncio.sleep(0.9)

    warped(main())


def test_a_cancel_from_elsewhere_passes() -> None:
    async def main() -> None:
        async def block() -> None:
            with Deadline(10.0):
                await asyncio.sleep(3600)

        task = asyncio.create_task(block())
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    warped(main())


def test_the_inner_of_two_blocks_may_expire_alone() -> None:
    async def main() -> None:
        with Deadline(10.0):
            with pytest.raises(Expired), Deadline(1.0):
                await asyncio.sleep(3600)
            await asyncio.sleep(1)

    warped(main())
