"""HTTP answers are read the same however the network cuts them, and never beyond their bounds."""

from __future__ import annotations

import gzip
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.http_message import MAX_HEAD_BYTES, Body, NotHttp, split_head

HEAD = b"HTTP/1.1 200 OK\r\nServer: a\r\nserver: b"
CHUNKED = b"Transfer-Encoding: chunked"


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\n\n", b"\r\n\n", b"\n\r\n"])
@pytest.mark.parametrize("rest", [b"", b"body", b"\r\n\r\n", b"\n\nbody\r\n\r\n"])
def test_a_head_ends_at_its_first_empty_line(end: bytes, rest: bytes) -> None:
    split = split_head(HEAD + end + rest)
    assert split is not None
    head, after = split
    assert (head.status, head.reason, head.header("Server"), after) == (200, "OK", "a, b", rest)


@pytest.mark.parametrize("cut", range(len(HEAD) + 4))
def test_a_head_that_is_not_whole_is_waited_for(cut: int) -> None:
    assert split_head((HEAD + b"\r\n\r\n")[:cut]) is None


def test_a_head_without_headers_is_one() -> None:
    split = split_head(b"HTTP/1.0 204\r\n\r\n")
    assert split is not None
    assert (split[0].status, split[0].reason, split[0].headers) == (204, "", ())


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\n\n"])
def test_an_end_beyond_the_bound_is_no_end(end: bytes) -> None:
    with pytest.raises(NotHttp, match="longer than 64 KiB"):
        split_head(HEAD + b"x" * MAX_HEAD_BYTES + end)


def body_of(header: bytes, pieces: list[bytes], limit: int = 1000) -> Body:
    split = split_head(b"HTTP/1.1 200 OK\r\n" + header + b"\r\n\r\n")
    assert split is not None
    body = Body(split[0], limit)
    for piece in pieces:
        if piece and not body.whole:
            body.feed(piece)
    return body


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=5),
    st.booleans(),
    st.lists(st.integers(0, 400), max_size=12),
    st.integers(1, 200),
)
def test_chunks_in_any_pieces_are_the_same_content(
    chunks: list[bytes], zipped: bool, cuts: list[int], limit: int
) -> None:
    content = b"".join(chunks)
    sent = [gzip.compress(content)] if zipped else chunks
    wire = b"".join(b"%x;a=b\r\n%s\r\n" % (len(chunk), chunk) for chunk in sent) + b"0\r\n\r\n"
    places = sorted({0, len(wire), *(cut for cut in cuts if cut < len(wire))})
    pieces = [wire[start:end] for start, end in pairwise(places)]
    header = CHUNKED + (b"\r\nContent-Encoding: gzip" if zipped else b"")
    body = body_of(header, pieces, limit)
    assert (bytes(body.content), body.whole, body.cut) == (content[:limit], True, len(content) > limit)


@given(st.binary(max_size=100), st.integers(0, 100), st.integers(1, 120))
def test_a_length_bounds_the_body_wherever_it_is_cut(content: bytes, extra: int, limit: int) -> None:
    wire = content + b"x" * extra
    body = body_of(b"Content-Length: %d" % len(content), [wire[:7], wire[7:]], limit)
    assert (bytes(body.content), body.whole) == (content[:limit], True)


def test_a_body_that_ends_too_early_is_none() -> None:
    body = body_of(b"Content-Length: 10", [b"short"])
    with pytest.raises(NotHttp, match="after 5 bytes"):
        body.feed(b"")
