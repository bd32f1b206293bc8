"""Becoming known to a hub: a key of this agent's own, the hub's key from the token, and one short conversation."""

from __future__ import annotations

import asyncio
import socket
from typing import Union

import msgspec

from agent.connection import ConnectionEnded
from agent.files import write_whole
from agent.frames import FrameError, FrameReader, frame
from agent.key_pair import KeyPair
from agent.link import Reader
from agent.ssh_address import HubHost, SshAddress
from agent.state_dir import StateDir
from agent.token import Token
from agent.wire import Enrol, Enrolled, Refusal

ANSWER_LIMIT_S = 30.0
_MAX_BYTES = 64 * 1024
_decoder: msgspec.msgpack.Decoder[Union[Enrolled, Refusal]] = msgspec.msgpack.Decoder(Union[Enrolled, Refusal])


class NotEnrolled(Exception):
    """The hub did not take this agent; the text says why."""


def trust(state: StateDir, hub: HubHost, host_key: str) -> None:
    """From now on the hub there must have this key. Raises `OSError`."""
    path = state.path / "known_hosts"
    kept = [
        line for line in (path.read_text().splitlines() if path.exists() else ()) if line.split()[0] != hub.known_as
    ]
    write_whole(path, "\n".join([*kept, f"{hub.known_as} {host_key}", ""]).encode())


def enrol(state: StateDir, hub: HubHost, token: Token) -> None:
    """Have the hub take this agent's key. Raises `NoKeyMade`, `NotEnrolled`, `OSError`."""
    KeyPair(state.path).public()
    trust(state, hub, token.host_key)
    asyncio.run(_enrol(state, hub, token))


async def _enrol(state: StateDir, hub: HubHost, token: Token) -> None:
    address = SshAddress(hub, state.path, user="enrol", subsystem="enrol")
    asked = Enrol(token.secret, state.agent_id(), socket.gethostname())
    async with address.dial() as (reader, writer):
        writer.write(frame(msgspec.msgpack.encode(asked), _MAX_BYTES))
        try:
            answer = await asyncio.wait_for(_answer(reader), ANSWER_LIMIT_S)
        except asyncio.TimeoutError:
            raise NotEnrolled(f"the hub said nothing for {ANSWER_LIMIT_S:g} s") from None
        except (FrameError, msgspec.MsgspecError, ConnectionEnded) as error:
            raise NotEnrolled(f"the hub said what makes no sense: {error}") from None
    if isinstance(answer, Refusal):
        raise NotEnrolled(answer.why)


async def _answer(reader: Reader) -> Enrolled | Refusal:
    frames = FrameReader(_MAX_BYTES)
    while data := await reader.read(4096):
        for payload in frames.feed(data):
            return _decoder.decode(payload)
    raise NotEnrolled("the hub hung up")
