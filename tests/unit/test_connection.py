"""Agent and hub, joined by a fake link: who may say what when, and what becomes of everything else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.connection import GREETING_FRAME_BYTES, TOLERATED_REFUSALS, Connection, ConnectionEnded, Message, Side, Stage
from agent.frames import FrameReader, frame
from agent.wire import (
    MAX_FRAME_BYTES,
    PROTOCOL,
    Goodbye,
    Heartbeat,
    Hello,
    Offer,
    Refusal,
    Results,
    ScanEnd,
    Section,
    SectionOutcome,
    Want,
    Welcome,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HELLO = Hello(PROTOCOL, "a-1", "web1", "0.1.0", "linux")
WELCOME = Welcome(PROTOCOL, "0.1.0")
SCAN: list[Message] = [
    Offer(1, NOW, (SectionOutcome("disk", "ok", digest="d" * 32),)),
    Section(1, "disk", []),
    ScanEnd(1, 0.2),
]
chatter = st.lists(st.sampled_from([Heartbeat(NOW, lag_s=0.5), Results(1), *SCAN]), max_size=12)
anything = st.recursive(
    st.none() | st.integers(-10, 10) | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
)


def opened() -> tuple[Connection, Connection]:
    """An agent's and a hub's end that have greeted each other."""
    agent, hub = Connection(Side.AGENT), Connection(Side.HUB)
    assert list(hub.receive(agent.send(HELLO))) == [HELLO]
    assert list(agent.receive(hub.send(WELCOME))) == [WELCOME]
    assert agent.stage is hub.stage is Stage.OPEN
    return agent, hub


def raw(message: Any) -> bytes:
    """A frame that no end of ours would send."""
    return frame(msgspec.msgpack.encode(message), MAX_FRAME_BYTES)


def said(end: Connection) -> list[dict[str, Any]]:
    """What this end wants written by itself."""
    return [msgspec.msgpack.decode(payload) for payload in FrameReader(MAX_FRAME_BYTES).feed(end.outgoing())]


def fed(end: Connection, data: bytes, cuts: Iterable[int]) -> list[Message]:
    marks = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [message for i in range(len(marks) - 1) for message in end.receive(data[marks[i] : marks[i + 1]])]


@given(chatter, st.lists(st.integers(0, 2000), max_size=10), st.booleans())
def test_what_the_agent_says_reaches_the_hub_however_the_link_cuts_it(
    sent: list[Message], cuts: list[int], deflate: bool
) -> None:
    agent, hub = Connection(Side.AGENT, deflate=deflate), Connection(Side.HUB)
    list(hub.receive(agent.send(HELLO)))
    list(agent.receive(hub.send(WELCOME)))
    assert fed(hub, b"".join(agent.send(message) for message in sent), cuts) == sent
    assert hub.outgoing() == b""


@given(st.binary(max_size=400))
def test_garbage_as_greeting_ends_the_connection_or_waits_for_more(garbage: bytes) -> None:
    hub = Connection(Side.HUB)
    try:
        assert [message for message in hub.receive(garbage) if not isinstance(message, (Hello, Goodbye))] == []
    except ConnectionEnded:
        assert hub.stage is Stage.CLOSED


@given(anything)
def test_any_message_at_all_is_taken_or_refused_and_the_open_connection_goes_on(said_to_hub: Any) -> None:
    agent, hub = opened()
    assert list(hub.receive(raw(said_to_hub))) == []
    assert [answer["type"] for answer in said(hub)] == ["refusal"]
    assert list(hub.receive(agent.send(Heartbeat(NOW)))) == [Heartbeat(NOW)]


def test_an_unknown_type_is_refused_by_its_name_as_often_as_it_comes() -> None:
    agent, hub = opened()
    for _ in range(3 * TOLERATED_REFUSALS):
        assert list(hub.receive(raw({"type": "teleport", "to": "moon"}))) == []
    assert said(hub)[-1] == {"type": "refusal", "what": "teleport", "why": "unknown message type"}
    assert list(agent.receive(hub.send(Want(1, ())))) == [Want(1, ())]


def test_an_unknown_field_is_ignored() -> None:
    _, hub = opened()
    assert list(hub.receive(raw({"type": "goodbye", "why": "stopped", "mood": "fine"}))) == [Goodbye("stopped")]


def test_a_hub_message_from_an_agent_is_refused() -> None:
    _, hub = opened()
    assert list(hub.receive(raw(Want(1, ("disk",))))) == []
    assert said(hub) == [{"type": "refusal", "what": "want", "why": "unknown message type"}]


def test_a_second_hello_is_refused_as_out_of_turn() -> None:
    _, hub = opened()
    assert list(hub.receive(raw(HELLO))) == []
    assert said(hub) == [{"type": "refusal", "what": "hello", "why": "not while open"}]


def test_a_malformed_message_says_what_is_wrong_with_it() -> None:
    _, hub = opened()
    list(hub.receive(raw({"type": "scan_end", "scan": "one", "duration_s": 1.0})))
    (answer,) = said(hub)
    assert answer["what"] == "scan_end"
    assert "Expected `int`, got `str`" in answer["why"]


def test_a_moment_without_a_time_zone_is_refused() -> None:
    _, hub = opened()
    assert list(hub.receive(raw({"type": "heartbeat", "at": "2026-03-01T12:00:00"}))) == []
    assert "timezone" in said(hub)[0]["why"]


def test_a_key_that_is_there_twice_is_refused() -> None:
    _, hub = opened()
    honest = msgspec.msgpack.encode({"type": "scan_end", "scan": 1, "duration_s": 0.5})
    twice = b"\x84" + honest[1:] + msgspec.msgpack.encode({"duration_s": 0.1})[1:]
    nested = msgspec.msgpack.encode({"type": "scan_end", "scan": 1, "duration_s": 0.5, "of": None})[:-1]
    for payload in (twice, nested + b"\x82\xa1a\x01\xa1a\x02"):
        assert list(hub.receive(frame(payload, MAX_FRAME_BYTES))) == []
        (refusal,) = said(hub)
        assert (refusal["what"], refusal["why"].split(",")[0]) == ("scan_end", "says a key twice in one map")
    assert list(hub.receive(frame(honest, MAX_FRAME_BYTES))) == [ScanEnd(1, 0.5)]


def test_endless_nesting_is_refused() -> None:
    _, hub = opened()
    nested = b"\x82\xa4type\xa7section\xa5items" + b"\x91" * 200_000 + b"\xc0"
    assert list(hub.receive(frame(nested, MAX_FRAME_BYTES))) == []
    assert [answer["type"] for answer in said(hub)] == ["refusal"]


def test_a_peer_that_keeps_talking_nonsense_is_cut_off() -> None:
    _, hub = opened()
    nonsense = raw({"type": "scan_end"})
    for _ in range(TOLERATED_REFUSALS):
        assert list(hub.receive(nonsense)) == []
    with pytest.raises(ConnectionEnded, match="could not be taken"):
        list(hub.receive(nonsense))
    assert hub.stage is Stage.CLOSED
    assert list(hub.receive(raw(Heartbeat(NOW)))) == []


def test_refusals_are_not_refused() -> None:
    agent, hub = opened()
    assert list(hub.receive(raw({"type": "refusal"}))) == []
    assert hub.outgoing() == b""
    assert list(agent.receive(hub.send(Refusal("x")))) == [Refusal("x")]


def test_speaking_before_the_greeting_ends_the_connection_with_a_reason() -> None:
    hub = Connection(Side.HUB)
    with pytest.raises(ConnectionEnded, match="waiting for hello"):
        list(hub.receive(raw(Heartbeat(NOW))))
    assert said(hub) == [{"type": "refusal", "what": "heartbeat", "why": "not while waiting for hello"}]


def test_another_protocol_is_refused_with_both_numbers() -> None:
    hub = Connection(Side.HUB)
    with pytest.raises(ConnectionEnded, match=f"protocol 99, this one {PROTOCOL}"):
        list(hub.receive(raw(Hello(99, "a-1", "web1", "9.0", "linux"))))
    assert said(hub)[0]["what"] == "hello"


def test_a_stranger_may_not_make_the_hub_hold_a_large_frame() -> None:
    hub = Connection(Side.HUB)
    with pytest.raises(ConnectionEnded, match="over the limit"):
        list(hub.receive((GREETING_FRAME_BYTES + 1).to_bytes(4, "big")))


def test_an_end_does_not_say_what_is_not_its_turn() -> None:
    with pytest.raises(ConnectionEnded, match="waiting for hello"):
        Connection(Side.AGENT).send(Heartbeat(NOW))
    with pytest.raises(ConnectionEnded, match="waiting for hello"):
        Connection(Side.HUB).send(WELCOME)


def test_after_goodbye_nothing_is_said() -> None:
    agent, hub = opened()
    assert list(hub.receive(agent.send(Goodbye("stopped")))) == [Goodbye("stopped")]
    with pytest.raises(ConnectionEnded, match="closed"):
        hub.send(Want(1, ()))
