"""Bytes between a channel and a program's descriptors, both ways, never more held than a little."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable

CHUNK_BYTES = 32 * 1024
HELD_BYTES = 64 * 1024


class Outlet:
    """What a program writes, given to `write`. `ended` is done at its end; paused, the program waits."""

    def __init__(self, descriptor: int, write: Callable[[bytes], None]) -> None:
        self._descriptor, self._write = descriptor, write
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        os.set_blocking(descriptor, False)
        self.resume()

    def pause(self) -> None:
        if not self.ended.done():
            self._loop.remove_reader(self._descriptor)

    def resume(self) -> None:
        if not self.ended.done():
            self._loop.add_reader(self._descriptor, self._readable)

    def close(self) -> None:
        """Read no more; whoever writes gets a hang-up."""
        if not self.ended.done():
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self.ended.set_result(None)

    def _readable(self) -> None:
        try:
            data = os.read(self._descriptor, CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # a terminal whose other side is closed says EIO
        if not data:
            self.close()
            return
        try:
            self._write(data)
        except OSError:
            self.close()


class Inlet:
    """What is fed reaches the program as fast as it reads; `hold` and `go_on` pace whoever feeds."""

    def __init__(self, descriptor: int, hold: Callable[[], None], go_on: Callable[[], None]) -> None:
        self._descriptor, self._hold, self._go_on = descriptor, hold, go_on
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._holding = self._ending = self._closed = False
        os.set_blocking(descriptor, False)

    def feed(self, data: bytes) -> None:
        if self._closed or self._ending:
            return
        waiting = bool(self._buffer)
        self._buffer += data
        if not waiting:
            self._flush()
        if len(self._buffer) > HELD_BYTES and not self._holding:
            self._holding = True
            self._hold()

    def feed_eof(self) -> None:
        """Close when everything is written."""
        self._ending = True
        if not self._buffer:
            self.close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.remove_writer(self._descriptor)
            os.close(self._descriptor)

    def _flush(self) -> None:
        try:
            with contextlib.suppress(BlockingIOError):
                del self._buffer[: os.write(self._descriptor, self._buffer)]
        except OSError:  # the program reads no more
            self._buffer.clear()
            self.close()
        if self._closed:
            return
        if self._buffer:
            self._loop.add_writer(self._descriptor, self._flush)
            return
        self._loop.remove_writer(self._descriptor)
        if self._holding:
            self._holding = False
            self._go_on()
        if self._ending:
            self.close()
