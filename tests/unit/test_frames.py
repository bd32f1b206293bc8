"""Frames arrive whole however the stream cuts them, and never make us hold more than agreed."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.frames import FrameError, FrameReader, frame

LIMIT = 10_000
payloads = st.lists(st.one_of(st.binary(max_size=300), st.integers(2048, LIMIT).map(lambda n: b"same " * (n // 5))))


@given(payloads, st.booleans(), st.data())
def test_payloads_come_out_as_they_went_in_wherever_the_stream_is_cut(
    sent: list[bytes], deflate: bool, data: st.DataObject
) -> None:
    stream = b"".join(frame(payload, LIMIT, deflate=deflate) for payload in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    reader = FrameReader(LIMIT)
    got = [
        payload
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for payload in reader.feed(stream[start:end])
    ]
    assert got == sent
    assert reader.waiting_bytes == 0


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_waited_on_but_never_held_beyond_a_frame(garbage: bytes) -> None:
    reader = FrameReader(64)
    try:
        for payload in reader.feed(garbage):
            assert len(payload) <= 64
    except FrameError:
        return
    assert reader.waiting_bytes <= 64 + 4


def test_a_frame_over_the_limit_is_refused_from_its_header_alone() -> None:
    with pytest.raises(FrameError, match="over the limit"):
        list(FrameReader(100).feed((101).to_bytes(4, "big")))


def test_a_message_over_the_limit_is_not_sent() -> None:
    with pytest.raises(FrameError, match="over the limit"):
        frame(bytes(101), 100)


def test_a_small_frame_that_unpacks_to_too_much_is_refused() -> None:
    bomb = zlib.compress(bytes(100_000_000), 9)
    with pytest.raises(FrameError, match="holds more"):
        list(FrameReader(1_000_000).feed((len(bomb) | 0x8000_0000).to_bytes(4, "big") + bomb))


@pytest.mark.parametrize("body", [b"not deflated", zlib.compress(b"cut short")[:-1], zlib.compress(b"a") + b"more"])
def test_a_damaged_deflated_frame_is_refused(body: bytes) -> None:
    with pytest.raises(FrameError, match="deflated"):
        list(FrameReader(1000).feed((len(body) | 0x8000_0000).to_bytes(4, "big") + body))
