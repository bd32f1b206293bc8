"""Bytes between a connection's socket and asyncssh, which does not look at how much of its answers is taken.

A client that takes none is not listened to, and its programs wait, until it does: one that asks without end, or lets a
channel send four gigabytes, and reads nothing would fill the hub.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

import asyncssh

BACKLOG = 1024
HOLD = "hold"  # under this name a connection keeps whom to tell


class Flow(asyncio.Protocol):
    """asyncssh's end of a connection, with back-pressure. `hold` is told when writing has to wait, and when not."""

    def __init__(self, connection: asyncssh.SSHServerConnection) -> None:
        self._connection = connection
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connection.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._connection.data_received(data)

    def eof_received(self) -> None:
        self._connection.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._connection.connection_lost(exc)

    def pause_writing(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
        self._hold(True)

    def resume_writing(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
        self._hold(False)

    def _hold(self, full: bool) -> None:
        hold = self._connection.get_extra_info(HOLD)
        if hold is not None:
            hold(full)


class Listener:
    """A listening socket as asyncssh takes it in place of its own: each connection comes with its `Flow`."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening

    async def create_server(
        self, session_factory: Callable[[str, int], Any], listen_host: str, listen_port: int
    ) -> asyncio.Server:
        """asyncssh calls it once."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: Flow(session_factory(listen_host, listen_port)), sock=self._listening, backlog=BACKLOG
        )
