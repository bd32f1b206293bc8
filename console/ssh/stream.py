"""A channel as the reader and writer that the agents' end takes. Holds little; a channel that is not read is paused."""

from __future__ import annotations

import asyncio
from typing import Protocol

HELD_BYTES = 256 * 1024


class RawChannel(Protocol):
    """What of an SSH channel is needed here."""

    def write(self, data: bytes) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self) -> None: ...


class ChannelStream:
    """`feed`, `feed_eof`, `pause_writing`, `resume_writing`, `lost` are the channel's side; the rest its user's."""

    def __init__(self, channel: RawChannel) -> None:
        self._channel = channel
        self._buffer = bytearray()
        self._ended = self._lost = self._reading_paused = False
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    def feed(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > HELD_BYTES and not self._reading_paused:
            self._reading_paused = True
            self._channel.pause_reading()
        self._readable.set()

    def feed_eof(self) -> None:
        self._ended = True
        self._readable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def lost(self) -> None:
        self._lost = True
        self.feed_eof()
        self.resume_writing()

    async def read(self, n: int = -1, /) -> bytes:
        """Some bytes; none at the end."""
        while not self._buffer and not self._ended:
            self._readable.clear()
            await self._readable.wait()
        size = len(self._buffer) if n < 0 else n
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        if self._reading_paused and len(self._buffer) <= HELD_BYTES and not self._lost:
            self._reading_paused = False
            self._channel.resume_reading()
        return data

    def write(self, data: bytes, /) -> None:
        """Queue these bytes. Raises `OSError` once the channel is gone."""
        if self._lost:
            raise ConnectionResetError("the channel is closed")
        self._channel.write(data)

    async def drain(self) -> None:
        """Wait while the client takes too little."""
        await self._writable.wait()
        if self._lost:
            raise ConnectionResetError("the channel is closed")

    def close(self) -> None:
        if not self._lost:
            self._channel.close()
