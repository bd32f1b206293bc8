"""DNS questions and answers as bytes (RFC 1035). No sockets, no judgement, no trust in what comes back."""

from __future__ import annotations

import ipaddress
import struct
from typing import Callable

import msgspec

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "CAA": 257}
_TYPE_NAMES = {number: name for name, number in TYPES.items()}
CODES = {
    0: "no error", 1: "the question was malformed", 2: "server failure", 3: "no such name", 4: "not implemented",
    5: "refused",
}  # fmt: skip
_HEADER = struct.Struct("!HHHHHH")
_RECURSE = 0x0100
_TRUNCATED = 0x0200
_AUTHORITATIVE = 0x0400
MAX_RECORDS = 200
MAX_JUMPS = 40


class BadMessage(ValueError):
    """These bytes are no DNS answer to our question."""


class Answer(msgspec.Struct, frozen=True):
    """`records` are (type, value as text, ttl in seconds)."""

    code: int
    records: tuple[tuple[str, str, int], ...]
    truncated: bool
    authoritative: bool


def question(identifier: int, name: str, type_: str) -> bytes:
    """A question for this name, recursion wanted; raises `ValueError` for what is no name."""
    labels = [label.encode("idna") for label in name.rstrip(".").split(".")] if name.strip(".") else []
    if any(not 0 < len(label) < 64 for label in labels):
        raise ValueError(f"{name[:80]!r} is no DNS name")
    encoded = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return _HEADER.pack(identifier, _RECURSE, 1, 0, 0, 0) + encoded + struct.pack("!HH", TYPES[type_], 1)


def parse_answer(data: bytes, identifier: int) -> Answer:
    """The answer in these bytes; raises `BadMessage`."""
    try:
        return _parse(data, identifier)
    except (IndexError, struct.error, ValueError) as error:
        raise BadMessage(f"this is no DNS answer: {error}") from error


def _parse(data: bytes, identifier: int) -> Answer:
    got, flags, questions, answers, _, _ = _HEADER.unpack_from(data)
    if got != identifier or not flags & 0x8000:
        raise BadMessage("it answers another question")
    at = _HEADER.size
    for _ in range(questions):
        at = _name(data, at)[1] + 4
    records = []
    for _ in range(min(answers, MAX_RECORDS)):
        record, at = _record(data, at)
        records.append(record)
    return Answer(flags & 0x000F, tuple(records), bool(flags & _TRUNCATED), bool(flags & _AUTHORITATIVE))


def _record(data: bytes, at: int) -> tuple[tuple[str, str, int], int]:
    _, at = _name(data, at)
    number, _, ttl_s, length = struct.unpack_from("!HHIH", data, at)
    at += 10
    if at + length > len(data):
        raise BadMessage("a record is longer than the message")
    type_ = _TYPE_NAMES.get(number, f"TYPE{number}")
    value = _VALUES.get(type_, _hex)(data, at, length)
    return (type_, value, ttl_s), at + length


def _name(data: bytes, at: int) -> tuple[str, int]:
    """A name, and where what follows it begins; pointers lead backwards only so often."""
    labels: list[str] = []
    after = -1
    for _ in range(MAX_JUMPS + 128):
        length = data[at]
        if length & 0xC0 == 0xC0:
            after = at + 2 if after < 0 else after
            at = (length & 0x3F) << 8 | data[at + 1]
        elif length:
            labels.append(data[at + 1 : at + 1 + length].decode("ascii", "backslashreplace"))
            at += 1 + length
        else:
            return ".".join(labels).lower() or ".", at + 1 if after < 0 else after
    raise BadMessage("a name that never ends")


def _address(data: bytes, at: int, length: int) -> str:
    return str(ipaddress.ip_address(data[at : at + length]))


def _host(data: bytes, at: int, length: int) -> str:
    return _name(data, at)[0]


def _mx(data: bytes, at: int, length: int) -> str:
    return f"{struct.unpack_from('!H', data, at)[0]} {_name(data, at + 2)[0]}"


def _srv(data: bytes, at: int, length: int) -> str:
    priority, weight, port = struct.unpack_from("!HHH", data, at)
    return f"{priority} {weight} {port} {_name(data, at + 6)[0]}"


def _soa(data: bytes, at: int, length: int) -> str:
    primary, at = _name(data, at)
    mailbox, at = _name(data, at)
    return f"{primary} {mailbox} {struct.unpack_from('!I', data, at)[0]}"


def _txt(data: bytes, at: int, length: int) -> str:
    end, parts = at + length, []
    while at < end:
        parts.append(data[at + 1 : at + 1 + data[at]].decode("utf-8", "replace"))
        at += 1 + data[at]
    return "".join(parts)


def _caa(data: bytes, at: int, length: int) -> str:
    size = data[at + 1]
    tag, value = data[at + 2 : at + 2 + size], data[at + 2 + size : at + length]
    return f"{data[at]} {tag.decode('ascii', 'replace')} {value.decode('utf-8', 'replace')}"


def _hex(data: bytes, at: int, length: int) -> str:
    return data[at : at + length].hex()


_VALUES: dict[str, Callable[[bytes, int, int], str]] = {
    "A": _address, "AAAA": _address, "NS": _host, "CNAME": _host, "PTR": _host, "MX": _mx, "SRV": _srv, "SOA": _soa,
    "TXT": _txt, "CAA": _caa,
}  # fmt: skip
