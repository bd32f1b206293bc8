"""A document's bytes as they lie in memory and on disk: msgpack, then where it belongs, then a checksum.

Not encryption, not a signature. The checksum covers the row that the bytes belong to, so that a flipped bit or a row
under another's name is found when it is read.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import msgspec

_TRAILER = struct.Struct(">QQQI")
SEAL_BYTES = _TRAILER.size
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder().decode


class Where(msgspec.Struct, frozen=True, gc=False):
    """The batch that wrote it, the place in `past` of the version before (0: none), the document's number."""

    seq: int
    before: int = 0
    number: int = 0


def seal(packed: bytes, row: str, where: Where) -> bytes:
    """The bytes to keep for this row."""
    seq, before, number = where.seq, where.before, where.number
    return packed + _TRAILER.pack(seq, before, number, _checksum(packed, row, seq, before, number))


def unsealed(sealed: bytes) -> Any:
    """What was packed, without looking at the seal: for bytes that were verified when they were read."""
    return unpack(sealed[:-SEAL_BYTES])


def where_of(sealed: bytes) -> Where:
    seq, before, number, _ = _TRAILER.unpack_from(sealed, len(sealed) - SEAL_BYTES)
    return Where(seq, before, number)


def intact(sealed: bytes, row: str) -> bool:
    """These are the bytes that were sealed for this row."""
    return checked(sealed, row) is not None


def checked(sealed: bytes, row: str) -> tuple[int, int] | None:
    """The document's number and the checksum; None when these are not the bytes that were sealed for this row."""
    if len(sealed) <= SEAL_BYTES:
        return None
    seq, before, number, checksum = _TRAILER.unpack_from(sealed, len(sealed) - SEAL_BYTES)
    return (number, checksum) if _checksum(sealed[:-SEAL_BYTES], row, seq, before, number) == checksum else None


def seq_of(sealed: bytes) -> int:
    """The batch that wrote it."""
    return int.from_bytes(sealed[-SEAL_BYTES:-20], "big")


def checksum_of(sealed: bytes) -> int:
    return int.from_bytes(sealed[-4:], "big")


def normal(document: Any) -> Any:
    """The document as it comes back from the store: lists for tuples, moments in UTC, nothing shared."""
    return unpack(pack(document))


def _checksum(packed: bytes, row: str, seq: int, before: int, number: int) -> int:
    return zlib.crc32(packed, zlib.crc32(f"{row}\0{seq}\0{before}\0{number}".encode()))
