"""The hub's people end for programs that ask one thing and leave: a plain socket, no event loop."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, Self

import msgspec

from cmdb.hub.protocol import LENGTH, MAX_FRAME_BYTES, Event, Failure, Reply, Request, framed

_decoder: msgspec.msgpack.Decoder[Reply | Failure | Event] = msgspec.msgpack.Decoder(Reply | Failure | Event)


class HubRefusal(Exception):
    """The hub answered with a failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(": ".join(part for part in (failure.what, failure.why, failure.next_step) if part))
        self.failure = failure


class BlockingClient:
    """One connection. `OSError` and `EOFError` mean that the hub is not there, or no longer."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._last_id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._connection.close()

    def call(self, verb: str, /, **arguments: Any) -> Any:
        """The result of one verb. Raises `HubRefusal`."""
        self._last_id += 1
        self._connection.sendall(framed(Request(self._last_id, verb, arguments)))
        while True:
            match self._receive():
                case Reply(id=self._last_id, result=result):
                    return result
                case Failure(id=self._last_id) as failure:
                    raise HubRefusal(failure)

    def events(self) -> Iterator[Event]:
        """What the open subscriptions send, for as long as the hub is there."""
        while True:
            message = self._receive()
            if isinstance(message, Event):
                yield message

    def _receive(self) -> Reply | Failure | Event:
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
        if length > MAX_FRAME_BYTES:
            raise EOFError(f"the hub announced a frame of {length} bytes")
        return _decoder.decode(self._exactly(length))

    def _exactly(self, size: int) -> bytes:
        received = self._stream.read(size)
        if len(received) < size:
            raise EOFError("the hub closed the connection")
        return received
