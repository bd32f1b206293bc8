"""Reading from and writing to a connected socket within bounds, in clear. TLS over the same calls is `tls_stream`."""

from __future__ import annotations

import socket
from typing import Protocol

from checks.finding import Trace, Unhealthy
from checks.probes.network import words_for
from checks.readiness import readable, writable

CHUNK_BYTES = 64 * 1024


class Stream(Protocol):
    """Two-way bytes. `receive` returns nothing at the end; both raise `Unhealthy` in an operator's words."""

    async def receive(self) -> bytes: ...

    async def send(self, data: bytes) -> None: ...


class ClearStream:
    """Bytes as they are on the wire."""

    def __init__(self, sock: socket.socket, trace: Trace) -> None:
        self._sock = sock
        self._trace = trace
        self._asked = False  # an answer takes its time: wait for it before the first look

    async def receive(self) -> bytes:
        if self._asked:
            self._asked = False
            await readable(self._sock.fileno())
        while True:
            try:
                return self._sock.recv(CHUNK_BYTES)
            except BlockingIOError:
                await readable(self._sock.fileno())
            except OSError as error:
                raise self._lost(error) from error

    async def send(self, data: bytes) -> None:
        rest = data
        while rest:
            try:
                rest = rest[self._sock.send(rest) :]
                self._asked = True
            except BlockingIOError:
                await writable(self._sock.fileno())
            except OSError as error:
                raise self._lost(error) from error

    def _lost(self, error: OSError) -> Unhealthy:
        said = words_for(str(self._trace.address), error)
        return Unhealthy(f"{said}, {self._trace.doing}", expected="an open connection", actual=str(error.strerror))
