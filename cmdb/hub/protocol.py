"""What people's programs (console, command line) and the hub say to each other over the local socket.

Sans-IO. A frame is a 4-byte big-endian length and one msgpack message. A client sends `Request`; the hub
answers each with one `Reply` or `Failure` of the same `id`, and sends `Event`s of the subscriptions that a
request opened, for as long as the connection lives.
"""

from __future__ import annotations

import enum
import struct
from typing import Any

import msgspec

LENGTH = struct.Struct(">I")
MAX_FRAME_BYTES = 64 * 1024 * 1024  # a whole CMDB listed as JSON fits; the socket is the installation's own


class Code(enum.StrEnum):
    """Why a request was not done; `console.exit_codes` maps each to the command line's exit code."""

    WRONG = "wrong"  # the answer is "no"
    USAGE = "usage"
    NOT_FOUND = "not_found"
    NOT_ALLOWED = "not_allowed"
    UNREACHABLE = "unreachable"
    CONFLICT = "conflict"


class Request(msgspec.Struct, frozen=True, tag="request"):
    """`verb` is `noun.verb` of the command line (`incident.ack`); `args` are that verb's own."""

    id: int
    verb: str
    args: dict[str, Any] = {}


class Reply(msgspec.Struct, frozen=True, tag="reply"):
    id: int
    result: Any = None


class Failure(msgspec.Struct, frozen=True, tag="failure"):
    """One line for people: what, why, what next."""

    id: int
    code: Code
    what: str
    why: str = ""
    next_step: str = ""


class Event(msgspec.Struct, frozen=True, tag="event"):
    subscription: int
    data: Any = None


Message = Request | Reply | Failure | Event


def framed(message: Message) -> bytes:
    """The message as it goes over the socket."""
    packed = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(packed)) + packed
