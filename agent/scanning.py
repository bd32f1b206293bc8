"""One scan as the agent sees it: a forked child that is asked, listened to, and never outlives its use."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from typing import Callable, NoReturn, Union

import msgspec

from agent.frames import FrameReader, frame
from agent.scan_child import END, OFFER, PART, serve
from agent.state_dir import StateDir
from agent.wire import MAX_FRAME_BYTES, Offer, ScanEnd, Section, Want
from checks.aside import settled

LOOKING_S = 120.0  # discovery bounds itself far below this; a child that is stuck ends here
ANSWERING_S = 60.0

Said = Union[type[Offer], type[Section], type[ScanEnd]]
_KINDS: dict[bytes, Said] = {OFFER: Offer, PART: Section, END: ScanEnd}

Child = Callable[[socket.socket, int, StateDir], NoReturn]


class ScanFailed(Exception):
    """The child ended, or was late, before it had said everything."""


class Scan:
    """A running scan. `message()` gives what it wants to say, still encoded; `want` passes on the hub's answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._frames = FrameReader(MAX_FRAME_BYTES)
        self._ready: list[bytes] = []

    async def message(self, limit_s: float = ANSWERING_S) -> tuple[Said, bytes]:
        """The type and the encoded form of the child's next message. Raises `ScanFailed`."""
        while not self._ready:
            try:
                data = await asyncio.wait_for(self._reader.read(65536), limit_s)
            except asyncio.TimeoutError:
                raise ScanFailed(f"it said nothing for {limit_s:g} s") from None
            if not data:
                raise ScanFailed("it ended before its report did")
            self._ready.extend(self._frames.feed(data))
        payload = self._ready.pop(0)
        return _KINDS[payload[:1]], payload[1:]

    def want(self, want: Want) -> None:
        """Tell the child what the hub asked for."""
        self._writer.write(frame(msgspec.msgpack.encode(want), MAX_FRAME_BYTES))

    async def ended(self, limit_s: float = 5.0) -> None:
        """Give a child that has said everything the time to put its notes away."""
        self._writer.write_eof()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._reader.read(1), limit_s)


@contextlib.asynccontextmanager
async def scanning(number: int, state: StateDir, child: Child = serve) -> AsyncIterator[Scan]:
    """A scan in a child of its own, gone with all that it started when the `async with` ends."""
    await settled()  # no await between here and the fork: a probe would start a thread
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        child(theirs, number, state)
    theirs.close()
    reader, writer = await asyncio.open_connection(sock=ours)
    try:
        scan = Scan(reader, writer)
        yield scan
        await scan.ended()
    finally:
        writer.close()
        _reap(pid)


def _reap(pid: int) -> None:
    """End the child and what it started; its id is ours until it is waited for, so nobody else is hit."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
