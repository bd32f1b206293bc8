"""One end of an agent's connection, as a state table: bytes in, messages out, and the other way. No sockets, no clocks.

Both ends are the same machine seen from two sides. What the other side says out of turn, or says wrongly, is
answered with `Refusal` and never reaches the caller; after too many of these the connection ends.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from typing import Any, Union, get_args

import msgspec

from agent.frames import FrameError, FrameReader, frame
from agent.wire import (
    MAX_FRAME_BYTES,
    PROTOCOL,
    FromAgent,
    FromHub,
    Goodbye,
    Hello,
    Refusal,
    Welcome,
)

GREETING_FRAME_BYTES = 64 * 1024  # until the other side is known, it may not make us hold more
TOLERATED_REFUSALS = 100
_UNKNOWN_TYPE = "unknown message type"

Message = Union[FromAgent, FromHub]


class Side(enum.Enum):
    AGENT = "agent"
    HUB = "hub"


class Stage(enum.Enum):
    """How far the two have come. Until OPEN exactly one side may speak."""

    HELLO = "waiting for hello"
    WELCOME = "waiting for welcome"
    OPEN = "open"
    CLOSED = "closed"


_FROM: Mapping[Side, tuple[type[msgspec.Struct], ...]] = {Side.AGENT: get_args(FromAgent), Side.HUB: get_args(FromHub)}
_OTHER = {Side.AGENT: Side.HUB, Side.HUB: Side.AGENT}
_GREETINGS = (Hello, Welcome)
_ENDS = (Goodbye,)


def _after(side: Side) -> dict[type, Stage]:
    """What this side may say while open, and where that leads."""
    return {kind: Stage.CLOSED if kind in _ENDS else Stage.OPEN for kind in _FROM[side] if kind not in _GREETINGS}


# stage → who speaks → what may be said → the stage after it
TABLE: Mapping[Stage, Mapping[Side, Mapping[type, Stage]]] = {
    Stage.HELLO: {Side.AGENT: {Hello: Stage.WELCOME, Goodbye: Stage.CLOSED}, Side.HUB: {Refusal: Stage.CLOSED}},
    Stage.WELCOME: {
        Side.AGENT: {Goodbye: Stage.CLOSED},
        Side.HUB: {Welcome: Stage.OPEN, Refusal: Stage.CLOSED, Goodbye: Stage.CLOSED},
    },
    Stage.OPEN: {side: _after(side) for side in Side},
    Stage.CLOSED: {Side.AGENT: {}, Side.HUB: {}},
}


class ConnectionEnded(Exception):
    """Nothing more can be said on this connection; the text says why."""


class _Envelope(msgspec.Struct):
    """Only the tag of a message that could not be read whole."""

    type: str = ""


def _tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


_ENCODER = msgspec.msgpack.Encoder()
_ANYTHING = msgspec.msgpack.Decoder()
_ENVELOPE = msgspec.msgpack.Decoder(_Envelope)
_DECODER: Mapping[Side, msgspec.msgpack.Decoder[Any]] = {
    Side.AGENT: msgspec.msgpack.Decoder(FromAgent),
    Side.HUB: msgspec.msgpack.Decoder(FromHub),
}
_TAGS = {side: frozenset(_tag(kind) for kind in kinds) for side, kinds in _FROM.items()}


class Connection:
    """The protocol as `side` sees it. `send` gives bytes to write, `receive` messages to act on.

    After each `receive`, what `outgoing()` returns is to be written: refusals are answered there.
    `received_bytes` counts what came, unpacked.
    """

    def __init__(self, side: Side, *, deflate: bool = False) -> None:
        self.side = side
        self.stage = Stage.HELLO
        self.refused = 0
        self.received_bytes = 0
        self._deflate = deflate
        self._reader = FrameReader(GREETING_FRAME_BYTES)
        self._outgoing = bytearray()

    def send(self, message: Message) -> bytes:
        """The frame of this message. Raises `ConnectionEnded` when it may not be said now, or is too large."""
        return self.send_encoded(type(message), _ENCODER.encode(message))

    def send_encoded(self, kind: type, payload: bytes) -> bytes:
        """As `send`, for a message that was encoded elsewhere."""
        after = TABLE[self.stage][self.side].get(kind)
        if after is None:
            raise ConnectionEnded(f"{kind.__name__} cannot be said while {self.stage.value}")
        try:
            data = frame(payload, MAX_FRAME_BYTES, deflate=self._deflate)
        except FrameError as error:
            raise ConnectionEnded(str(error)) from None
        self._enter(after)
        return data

    def receive(self, data: bytes) -> Iterator[Message]:
        """The messages that these bytes complete. Raises `ConnectionEnded` on what nothing can follow."""
        try:
            for payload in self._reader.feed(data):
                self.received_bytes += len(payload)
                message = self._read(payload)
                if message is not None:
                    yield message
        except FrameError as error:
            self._end(str(error))

    def outgoing(self) -> bytes:
        """What is to be written without the caller's doing; empty most of the time."""
        data, self._outgoing = bytes(self._outgoing), bytearray()
        return data

    def _read(self, payload: bytes) -> Message | None:
        if self.stage is Stage.CLOSED:
            return None
        sender = _OTHER[self.side]
        try:
            message: Message = _DECODER[sender].decode(payload)
            says_it_once = self.side is Side.AGENT or _is_said_once(payload, message)
        except (msgspec.MsgspecError, RecursionError) as error:
            self._refuse(*_unreadable(sender, payload, error))
            return None
        if not says_it_once:
            self._refuse(_tag(type(message)), "says a key twice in one map, or is not in the shortest form")
            return None
        after = TABLE[self.stage][sender].get(type(message))
        if after is None:
            self._refuse(_tag(type(message)), f"not while {self.stage.value}")
            return None
        if isinstance(message, (Hello, Welcome)) and message.protocol != PROTOCOL:
            self._end(f"the other side speaks protocol {message.protocol}, this one {PROTOCOL}", _tag(type(message)))
        self._enter(after)
        return message

    def _enter(self, stage: Stage) -> None:
        self.stage = stage
        if stage is Stage.OPEN:
            self._reader.max_bytes = MAX_FRAME_BYTES

    def _refuse(self, what: str, why: str) -> None:
        if self.stage is not Stage.OPEN:
            self._end(why, what)
        if why != _UNKNOWN_TYPE:  # a newer peer may well say what this one never heard of
            self.refused += 1
        if self.refused > TOLERATED_REFUSALS:
            self._end(f"{self.refused} messages could not be taken, the last: {why}", what)
        if what != "refusal":  # two ends must not refuse each other's refusals for ever
            self._say(Refusal(what, why))

    def _end(self, why: str, what: str = "connection") -> None:
        """Say why, as far as this side may speak, and end."""
        if Refusal in TABLE[self.stage][self.side]:
            self._say(Refusal(what, why))
        self.stage = Stage.CLOSED
        raise ConnectionEnded(f"{what}: {why}")

    def _say(self, message: Refusal) -> None:
        self._outgoing += frame(_ENCODER.encode(message), MAX_FRAME_BYTES)


def _is_said_once(payload: bytes, message: Message) -> bool:
    """Nothing is lost by reading it: of a key that is there twice a decoder silently takes one.

    What was read and is written again is the same, byte for byte, but for that and for what no encoder of ours writes.
    Only what a newer agent says besides has to be read once more, as anything.
    """
    return _ENCODER.encode(message) == payload or _ENCODER.encode(_ANYTHING.decode(payload)) == payload


def _unreadable(sender: Side, payload: bytes, error: Exception) -> tuple[str, str]:
    """What the message called itself, and what is wrong with it."""
    if isinstance(error, RecursionError):
        return "message", "nested too deeply"
    try:
        name = _ENVELOPE.decode(payload).type[:64]
    except (msgspec.MsgspecError, RecursionError):
        return "message", "not a message"
    if name not in _TAGS[sender]:
        return (name if name.isidentifier() else "message"), _UNKNOWN_TYPE
    return name, str(error)
