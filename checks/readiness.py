"""Waiting for a file descriptor on the event loop, without a transport around it.

On Linux one epoll of ours is watched by the loop: a wait is one system call and a future, since a descriptor that is
closed leaves it by itself. A wait that ends otherwise than by readiness takes it out.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Awaitable
from typing import Protocol

from checks.per_loop import PerLoop

AT_ONCE = 1024


class _Waits(Protocol):
    def readable(self, descriptor: int) -> Awaitable[None]: ...

    def writable(self, descriptor: int) -> Awaitable[None]: ...


def readable(descriptor: int) -> Awaitable[None]:
    """Come back when there is something to read, or the other end is gone."""
    return _waits().readable(descriptor)


def writable(descriptor: int) -> Awaitable[None]:
    """Come back when it can be written to; for a connecting socket, when that is decided."""
    return _waits().writable(descriptor)


class _Epoll:
    """All waits of one loop. A descriptor has one wait at a time and is armed for one event."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        loop.add_reader(self._epoll.fileno(), self._settle)

    def readable(self, descriptor: int) -> Awaitable[None]:
        return self._wait(descriptor, select.EPOLLIN | select.EPOLLONESHOT)

    def writable(self, descriptor: int) -> Awaitable[None]:
        return self._wait(descriptor, select.EPOLLOUT | select.EPOLLONESHOT)

    async def _wait(self, descriptor: int, events: int) -> None:
        try:
            self._epoll.register(descriptor, events)
        except FileExistsError:
            self._epoll.modify(descriptor, events)
        ready = self._waiting[descriptor] = self._loop.create_future()
        try:
            await ready
        except BaseException:
            if self._waiting.pop(descriptor, None) is not None:
                self._epoll.unregister(descriptor)
            raise

    def _settle(self) -> None:
        for descriptor, _ in self._epoll.poll(0, AT_ONCE):
            ready = self._waiting.pop(descriptor, None)
            if ready is not None and not ready.done():
                ready.set_result(None)


class _Callbacks:
    """The same where there is no epoll, by the loop's own readers and writers."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def readable(self, descriptor: int) -> None:
        ready = self._loop.create_future()
        self._loop.add_reader(descriptor, _settle, ready)
        try:
            await ready
        finally:
            self._loop.remove_reader(descriptor)

    async def writable(self, descriptor: int) -> None:
        ready = self._loop.create_future()
        self._loop.add_writer(descriptor, _settle, ready)
        try:
            await ready
        finally:
            self._loop.remove_writer(descriptor)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


_of_loop: PerLoop[_Waits] = PerLoop(lambda loop: _Epoll(loop) if hasattr(select, "epoll") else _Callbacks(loop))
_waits = _of_loop.get
