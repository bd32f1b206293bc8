"""An agent that nobody knows yet, with a key of its own and a token: one message, one answer, the end."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from agent.frames import FrameError, FrameReader, frame
from agent.wire import Enrol, Enrolled, Refusal
from cmdb.hub.api.enrolment import redeem
from cmdb.hub.api.refusal import Refused
from cmdb.store.protocol import StoreError
from console.exit_codes import Exit
from console.ssh.porter import Porter
from console.ssh.stream import ChannelStream

MAX_BYTES = 4096
LIMIT_S = 10.0


async def take_in(porter: Porter, stream: ChannelStream, key: str, peer: str) -> int:
    """Let it in by its token, or say little and write down why not."""
    try:
        async with asyncio.timeout(LIMIT_S):
            asked = await _asked(stream)
        await redeem(porter.hub, asked.secret, asked.agent_id, asked.name, key)
    except (TimeoutError, FrameError, msgspec.MsgspecError) as error:
        porter.journal.refuse(peer, f"enrolment: {error or 'nothing came'}")
        return Exit.USAGE
    except (Refused, StoreError) as refused:
        porter.journal.refuse(peer, f"enrolment: {refused}")
        _say(stream, Refusal("enrol", f"{refused.why}; {refused.next_step}" if refused.next_step else refused.why))
        return Exit.NOT_ALLOWED
    _say(stream, Enrolled(asked.agent_id))
    return Exit.DONE


async def _asked(stream: ChannelStream) -> Enrol:
    frames = FrameReader(MAX_BYTES)
    while data := await stream.read(MAX_BYTES):
        for payload in frames.feed(data):
            return msgspec.msgpack.decode(payload, type=Enrol)
    raise FrameError("it hung up")


def _say(stream: ChannelStream, answer: Enrolled | Refusal) -> None:
    with contextlib.suppress(OSError):
        stream.write(frame(msgspec.msgpack.encode(answer), MAX_BYTES))
