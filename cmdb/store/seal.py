"""A document's bytes as they lie in memory and on disk: msgpack, the batch that wrote them, a checksum.

Not encryption, not a signature. The checksum covers the row that the bytes belong to, so that a flipped bit or a row
under another's name is found when it is read.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import msgspec

_TRAILER = struct.Struct(">QI")
SEAL_BYTES = _TRAILER.size
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder().decode


def seal(packed: bytes, row: str, seq: int) -> bytes:
    """The bytes to keep for this row, written by batch `seq`."""
    return packed + _TRAILER.pack(seq, zlib.crc32(packed, zlib.crc32(f"{row}\0{seq}".encode())))


def unsealed(sealed: bytes) -> Any:
    """What was packed, without looking at the seal: for bytes that were verified when they were read."""
    return unpack(sealed[:-SEAL_BYTES])


def intact(sealed: bytes, row: str) -> bool:
    """These are the bytes that were sealed for this row."""
    if len(sealed) <= SEAL_BYTES:
        return False
    seq, checksum = _TRAILER.unpack_from(sealed, len(sealed) - SEAL_BYTES)
    return bool(zlib.crc32(sealed[:-SEAL_BYTES], zlib.crc32(f"{row}\0{seq}".encode())) == checksum)


def seq_of(sealed: bytes) -> int:
    """The batch that wrote it."""
    return int.from_bytes(sealed[-SEAL_BYTES:-4], "big")


def checksum_of(sealed: bytes) -> int:
    return int.from_bytes(sealed[-4:], "big")


def normal(document: Any) -> Any:
    """The document as it comes back from the store: lists for tuples, moments in UTC, nothing shared."""
    return unpack(pack(document))
