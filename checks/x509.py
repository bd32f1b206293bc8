"""What a certificate says about itself: names, issuer, validity. Reads DER (X.690, RFC 5280); verifies nothing.

The standard library reads a certificate only once it is trusted, and one that is not is just the one to report on.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import datetime, timezone

import msgspec

MAX_NAMES = 200
_SEQUENCE, _OID, _UTC_TIME, _CONTEXT_0, _CONTEXT_3 = 0x30, 0x06, 0x17, 0xA0, 0xA3
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_ATTRIBUTES = {b"\x55\x04\x03": "CN", b"\x55\x04\x0a": "O", b"\x55\x04\x0b": "OU", b"\x55\x04\x06": "C"}
_SUBJECT_ALT_NAME = b"\x55\x1d\x11"


class NotDer(ValueError):
    """These bytes are no certificate that can be read."""


class Certificate(msgspec.Struct, frozen=True):
    """Subject and issuer as `CN=…, O=…`; `names` are those that it is for."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    names: tuple[str, ...]
    serial: str

    @property
    def self_issued(self) -> bool:
        return self.subject == self.issuer

    def days_left(self, now: datetime) -> float:
        return (self.not_after - now).total_seconds() / 86400

    def lifetime_used_percent(self, now: datetime) -> float:
        """0 when it begins to be valid, 100 when it ends."""
        whole = (self.not_after - self.not_before).total_seconds()
        return 100 * (now - self.not_before).total_seconds() / whole if whole > 0 else 100.0


def parse_certificate(der: bytes) -> Certificate:
    """The certificate of these bytes; raises `NotDer`."""
    try:
        return _certificate(der)
    except (IndexError, StopIteration, ValueError, OverflowError) as error:
        raise NotDer(f"this is no certificate: {error or 'it ends too early'}") from error


def _certificate(der: bytes) -> Certificate:
    signed = _content(der, _SEQUENCE)
    fields = _elements(_content(signed, _SEQUENCE))
    tag, value = next(fields)
    if tag == _CONTEXT_0:  # the version, which is there in all but version 1
        tag, value = next(fields)
    serial = value.hex()
    next(fields)  # the signature's algorithm
    issuer, validity, subject = next(fields)[1], next(fields)[1], next(fields)[1]
    not_before, not_after = (_moment(tag, text) for tag, text in _elements(validity))
    extensions = next((value for tag, value in fields if tag == _CONTEXT_3), b"")
    return Certificate(_name(subject), _name(issuer), not_before, not_after, _names(extensions), serial)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element, one after the other."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 0 < size <= 4:
                raise ValueError("a length that is none")
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            raise ValueError("an element is longer than what holds it")
        yield tag, data[at : at + length]
        at += length


def _content(data: bytes, wanted: int) -> bytes:
    tag, value = next(_elements(data))
    if tag != wanted:
        raise ValueError(f"element {tag:#x} where {wanted:#x} belongs")
    return value


def _moment(tag: int, text: bytes) -> datetime:
    """UTCTime has two digits of the year: below 50 is 20xx (RFC 5280, 4.1.2.5.1)."""
    digits = text.decode("ascii")
    if tag == _UTC_TIME:
        digits = ("20" if int(digits[:2]) < 50 else "19") + digits
    return datetime.strptime(digits, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)


def _name(data: bytes) -> str:
    parts = []
    for _, group in _elements(data):
        for _, pair in _elements(group):
            (_, oid), (_, value) = _elements(pair)
            if oid in _ATTRIBUTES:
                parts.append(f"{_ATTRIBUTES[oid]}={value.decode('utf-8', 'replace')}")
    return ", ".join(parts)


def _names(extensions: bytes) -> tuple[str, ...]:
    if not extensions:
        return ()
    for _, extension in _elements(_content(extensions, _SEQUENCE)):
        parts = list(_elements(extension))
        if parts[0] == (_OID, _SUBJECT_ALT_NAME):
            found = _elements(_content(parts[-1][1], _SEQUENCE))
            return tuple(_alternative(tag, value) for tag, value in found if tag in {_DNS_NAME, _IP_ADDRESS})[
                :MAX_NAMES
            ]
    return ()


def _alternative(tag: int, value: bytes) -> str:
    if tag == _IP_ADDRESS:
        return str(ipaddress.ip_address(value))
    return value.decode("ascii", "replace")
