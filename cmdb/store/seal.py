"""A document's bytes as they lie in memory and on disk: msgpack, then a checksum. Not encryption, not a signature.

The checksum covers the row that the bytes belong to, so that a flipped bit, a row under another's name, or a moment
that changed is found when it is read.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

import msgspec

SEAL_BYTES = 4
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder().decode


def seal(packed: bytes, *row: object) -> bytes:
    """The bytes to keep for this row."""
    return packed + _checksum(packed, row).to_bytes(SEAL_BYTES, "big")


def unsealed(sealed: bytes) -> Any:
    """What was packed, without looking at the seal: for bytes that were verified when they were read."""
    return unpack(sealed[:-SEAL_BYTES])


def intact(sealed: bytes, *row: object) -> bool:
    """These are the bytes that were sealed for this row."""
    return _checksum(sealed[:-SEAL_BYTES], row) == seal_of(sealed)


def seal_of(sealed: bytes) -> int:
    """The checksum itself."""
    return int.from_bytes(sealed[-SEAL_BYTES:], "big")


def normal(document: Any) -> Any:
    """The document as it comes back from the store: lists for tuples, moments in UTC, nothing shared."""
    return unpack(pack(document))


def _checksum(packed: bytes, row: Iterable[object]) -> int:
    return zlib.crc32(packed, zlib.crc32("\0".join(map(str, row)).encode()))
