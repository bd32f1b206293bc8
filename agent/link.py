"""A `Connection` on a pair of streams: what both ends of the wire use. Which stream that is, it does not know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from agent.connection import Connection, ConnectionEnded, Message

READ_BYTES = 64 * 1024
WRITE_LIMIT_S = 30.0  # a peer that takes nothing for this long is not there


class Reader(Protocol):
    async def read(self, n: int = -1, /) -> bytes:
        """Some bytes; none at the end."""


class Writer(Protocol):
    def write(self, data: bytes, /) -> None:
        """Queue these bytes."""

    async def drain(self) -> None:
        """Wait while too much is queued."""

    def close(self) -> None:
        """End the stream."""


class Link:
    """Messages in and out over one stream. Raises `ConnectionEnded` and `OSError`."""

    def __init__(self, reader: Reader, writer: Writer, connection: Connection) -> None:
        self._reader, self._writer = reader, writer
        self.connection = connection
        self._draining = asyncio.Lock()  # before Python 3.10 two may not wait in `drain` at once

    async def send(self, message: Message) -> None:
        """Say it; returns when the stream has taken it."""
        self._writer.write(self.connection.send(message))
        await self._drained()

    async def send_encoded(self, kind: type[msgspec.Struct], payload: bytes) -> None:
        """As `send`, for a message that was encoded elsewhere."""
        self._writer.write(self.connection.send_encoded(kind, payload))
        await self._drained()

    async def messages(self) -> AsyncIterator[Message]:
        """What the other side says, until it ends the stream."""
        while data := await self._reader.read(READ_BYTES):
            try:
                for message in self.connection.receive(data):
                    yield message
            finally:
                self._answer()
            await self._drained()

    def close(self) -> None:
        """End the stream."""
        self._writer.close()

    def _answer(self) -> None:
        if answers := self.connection.outgoing():
            self._writer.write(answers)

    async def _drained(self) -> None:
        try:
            async with self._draining:
                await asyncio.wait_for(self._writer.drain(), WRITE_LIMIT_S)
        except asyncio.TimeoutError:
            raise ConnectionEnded(f"the other side took nothing for {WRITE_LIMIT_S:g} s") from None
