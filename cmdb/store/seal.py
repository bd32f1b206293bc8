"""A document's bytes as they lie in memory and on disk: msgpack, then where it belongs, then a checksum.

Not encryption, not a signature. The checksum covers the row that the bytes belong to, so that a flipped bit or a row
under another's name is found when it is read.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import msgspec

_WHERE = struct.Struct(">QQQ")
SEAL_BYTES = _WHERE.size + 4
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder().decode


def seal(packed: bytes, row: str, seq: int, before: int = 0, number: int = 0) -> bytes:
    """The bytes to keep for this row. `seq`, `before` and `number` are what `seq_of`, `before_of`, `number_of` read."""
    told = packed + _WHERE.pack(seq, before, number)
    return told + zlib.crc32(told, zlib.crc32(row.encode())).to_bytes(4, "big")


def unsealed(sealed: bytes) -> Any:
    """What was packed, without looking at the seal: for bytes that were verified when they were read."""
    return unpack(sealed[:-SEAL_BYTES])


def intact(sealed: object, row: str) -> bool:
    """These are the bytes that were sealed for this row."""
    if not isinstance(sealed, bytes) or len(sealed) <= SEAL_BYTES:
        return False
    return zlib.crc32(sealed[:-4], zlib.crc32(row.encode())) == checksum_of(sealed)


def seq_of(sealed: bytes) -> int:
    """The batch that wrote it."""
    return int.from_bytes(sealed[-SEAL_BYTES:-20], "big")


def before_of(sealed: bytes) -> int:
    """The place in `past` of the version before; 0: there is none."""
    return int.from_bytes(sealed[-20:-12], "big")


def number_of(sealed: bytes) -> int:
    """The document's."""
    return int.from_bytes(sealed[-12:-4], "big")


def checksum_of(sealed: bytes) -> int:
    return int.from_bytes(sealed[-4:], "big")


def normal(document: Any) -> Any:
    """The document as it comes back from the store: lists for tuples, moments in UTC, nothing shared."""
    return unpack(pack(document))
