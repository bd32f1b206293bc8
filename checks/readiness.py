"""Waiting for a file descriptor on the event loop, without a transport around it."""

from __future__ import annotations

import asyncio


async def readable(descriptor: int) -> None:
    """Come back when there is something to read, or the other end is gone."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(descriptor, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


async def writable(descriptor: int) -> None:
    """Come back when it can be written to; for a connecting socket, when that is decided."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_writer(descriptor, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_writer(descriptor)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
