"""HTTP/1.1 answers, read from bytes: head and body framing within bounds. No sockets, no judgement.

RFC 9112 for framing. Everything here comes from a stranger: sizes are bounded, a gzip bomb inflates to the limit
and no further.
"""

from __future__ import annotations

import re
import zlib
from typing import Optional

import msgspec

MAX_HEAD_BYTES = 64 * 1024
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: ([^\r\n]*))?\r?")
_HEADER_LINES = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\n]*(?:\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\n]*)*")
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\n]*)?\r?")
_LENGTH = re.compile(r"[0-9]{1,18}")


class NotHttp(ValueError):
    """These bytes are no HTTP answer; the message says what is wrong with them."""


class Head(msgspec.Struct, frozen=True):
    """Status line and header lines; the lines are known to be well-formed and are taken apart when asked for."""

    status: int
    reason: str
    lines: bytes = b""

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Names in lower case and values, in the order sent."""
        pairs = (line.partition(b":") for line in self.lines.split(b"\n") if line)
        return tuple((name.decode().lower(), value.strip(b" \t\r").decode("latin-1")) for name, _, value in pairs)

    def header(self, name: str) -> Optional[str]:
        """All values of this header joined by commas; None where it was not sent."""
        values = [value for key, value in self.headers if key == name.lower()]
        return ", ".join(values) if values else None


def split_head(data: bytes) -> Optional[tuple[Head, bytes]]:
    """The head and what came after it; None as long as the head is incomplete. Raises `NotHttp`."""
    if not b"HTTP/1.".startswith(data[:7]):
        raise NotHttp("the answer does not begin with HTTP/1")
    crlf = data.find(b"\n\r\n", 0, MAX_HEAD_BYTES)
    bare = data.find(b"\n\n", 0, crlf + 1 if crlf >= 0 else MAX_HEAD_BYTES)
    if bare >= 0:
        return _head(data[:bare]), data[bare + 2 :]
    if crlf >= 0:
        return _head(data[:crlf]), data[crlf + 3 :]
    if len(data) >= MAX_HEAD_BYTES:
        raise NotHttp(f"its head is longer than {MAX_HEAD_BYTES // 1024} KiB")
    return None


def _head(data: bytes) -> Head:
    first, _, lines = data.partition(b"\n")
    match = _STATUS_LINE.fullmatch(first)
    if match is None:
        raise NotHttp(f"its status line is {first[:80]!r}")
    if lines and not _HEADER_LINES.fullmatch(lines):
        bad = next(line for line in lines.split(b"\n") if not _HEADER_LINES.fullmatch(line))
        raise NotHttp(f"a header line is {bad[:80]!r}")
    return Head(int(match[1]), (match[2] or b"").decode("latin-1").strip(), lines)


class Body:
    """A body as it arrives: give it bytes, ask whether it is whole. Content beyond `limit` is dropped and noted."""

    def __init__(self, head: Head, limit: int) -> None:
        self.content = bytearray()
        self.whole = head.status in {204, 304} or head.status < 200
        self.cut = False
        self._limit = limit
        self._chunked = (head.header("transfer-encoding") or "").lower().endswith("chunked")
        self._raw = b""
        self._in_chunk = 0  # bytes of the present chunk still to come, its line end included
        self._left = None if self._chunked else _length(head)
        self._inflate = _decoder(head.header("content-encoding") or "")
        self.whole = self.whole or self._left == 0

    def feed(self, data: bytes) -> None:
        """Take bytes from the wire; no bytes is the end of the connection. Raises `NotHttp`."""
        if not data:
            self._end()
        elif self._chunked:
            self._feed_chunks(data)
        else:
            self._feed_plain(data)
        self.whole = self.whole or self.cut

    def _end(self) -> None:
        if not self.whole and (self._chunked or self._left):
            got = len(self.content)
            raise NotHttp(f"the connection ended within the body, after {got} bytes of content")
        self.whole = True

    def _feed_plain(self, data: bytes) -> None:
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
            self.whole = self._left == 0
        self._take(data)

    def _feed_chunks(self, data: bytes) -> None:
        self._raw += data
        while self._raw and not self.whole and not self.cut:
            if self._in_chunk:
                self._take_chunk()
            elif not self._next_chunk():
                return

    def _take_chunk(self) -> None:
        piece, self._raw = self._raw[: self._in_chunk], self._raw[self._in_chunk :]
        content = piece[: max(0, self._in_chunk - 2)]  # the last two bytes of a chunk are its line end
        self._in_chunk -= len(piece)
        self._take(content)

    def _next_chunk(self) -> bool:
        line, newline, rest = self._raw.partition(b"\n")
        match = _CHUNK_SIZE.fullmatch(line)
        if (newline and match is None) or len(line) > 4096:
            raise NotHttp(f"a chunk begins with {line[:40]!r}")
        if not newline or match is None:
            return False
        size = int(match[1], 16)
        self._raw, self._in_chunk, self.whole = rest, size + 2 if size else 0, size == 0
        return True

    def _take(self, data: bytes) -> None:
        room = self._limit - len(self.content)
        try:
            content = data if self._inflate is None else self._inflate.decompress(data, room + 1)
        except zlib.error as error:
            raise NotHttp(f"its compressed body is damaged: {error}") from error
        self.content += content[:room]
        self.cut = self.cut or len(content) > room


def _length(head: Head) -> Optional[int]:
    text = head.header("content-length")
    if text is None:
        return None
    lengths = {part.strip() for part in text.split(",")}
    if len(lengths) != 1 or not _LENGTH.fullmatch(next(iter(lengths))):
        raise NotHttp(f"its Content-Length is {text[:40]!r}")
    return int(lengths.pop())


def _decoder(coding: str) -> Optional[zlib._Decompress]:
    coding = coding.strip().lower()
    if coding in {"", "identity"}:
        return None
    if coding in {"gzip", "x-gzip", "deflate"}:
        return zlib.decompressobj(wbits=47)  # 32 + 15: gzip or zlib, told apart by their heads
    raise NotHttp(f"its body is coded as {coding[:40]!r}, which was not asked for")
