"""Frames: how messages are told apart on a stream of bytes. Not what they say: that is `agent.wire`.

A frame is a 4-byte big-endian length and that many bytes. The length's highest bit says that they are deflated
(zlib): large reports are, so that no transport needs its own compression.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

HEADER_BYTES = 4
_DEFLATED = 0x8000_0000
_WORTH_DEFLATING_BYTES = 2048


class FrameError(Exception):
    """What came is no frame, or one larger than agreed: nothing after it can be trusted."""


def frame(payload: bytes, max_bytes: int, *, deflate: bool = False) -> bytes:
    """One frame of this payload. Raises `FrameError` when the other side would refuse it."""
    if len(payload) > max_bytes:
        raise FrameError(f"a message of {len(payload)} bytes is over the limit of {max_bytes}")
    if deflate and len(payload) >= _WORTH_DEFLATING_BYTES:
        packed = zlib.compress(payload, 1)
        return (len(packed) | _DEFLATED).to_bytes(HEADER_BYTES, "big") + packed
    return len(payload).to_bytes(HEADER_BYTES, "big") + payload


class FrameReader:
    """Takes bytes as they come and gives whole payloads; holds at most one frame and what came with it."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The payloads that `data` completes. Raises `FrameError` as soon as a header announces too much."""
        self._buffer += data
        start = 0
        try:
            while (end := self._end_of_frame(start)) <= len(self._buffer):
                payload = self._payload(start, end)
                start = end
                yield payload
        finally:
            del self._buffer[:start]

    @property
    def waiting_bytes(self) -> int:
        """How much of an unfinished frame is held."""
        return len(self._buffer)

    def _end_of_frame(self, start: int) -> int:
        body = start + HEADER_BYTES
        if len(self._buffer) < body:
            return body
        length = self._length(start) & ~_DEFLATED
        if length > self.max_bytes:
            raise FrameError(f"a frame of {length} bytes is over the limit of {self.max_bytes}")
        return body + length

    def _payload(self, start: int, end: int) -> bytes:
        body = bytes(memoryview(self._buffer)[start + HEADER_BYTES : end])
        return _inflated(body, self.max_bytes) if self._length(start) & _DEFLATED else body

    def _length(self, start: int) -> int:
        return int.from_bytes(self._buffer[start : start + HEADER_BYTES], "big")


def _inflated(body: bytes, max_bytes: int) -> bytes:
    """The payload, never unpacking more than the limit: a small frame may claim to hold the world."""
    inflater = zlib.decompressobj()
    try:
        payload = inflater.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise FrameError(f"a deflated frame is damaged: {error}") from None
    if len(payload) > max_bytes:
        raise FrameError(f"a deflated frame holds more than the limit of {max_bytes} bytes")
    if not inflater.eof or inflater.unused_data:
        raise FrameError("a deflated frame does not end where its stream ends")
    return payload
