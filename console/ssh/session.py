"""A person's program on a channel: its descriptors, its hub socket, its end. Not who may have one."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import functools
import os
import secrets
import signal
import struct
import termios
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import asyncssh

from cmdb.hub.api.table import VERBS
from cmdb.hub.hub import Hub
from cmdb.hub.identities import Person
from cmdb.hub.role import Role
from cmdb.hub.server import serving
from console.ssh.nursery_link import NurseryLink
from console.ssh.orders import Launch
from console.ssh.pump import Inlet, Outlet

HANG_UP_LIMIT_S = 2.0
SIGNALS = {"INT": signal.SIGINT, "TERM": signal.SIGTERM, "HUP": signal.SIGHUP, "QUIT": signal.SIGQUIT}


@dataclass(frozen=True)
class Terminal:
    """What of the client's terminal is taken, cleaned."""

    kind: str
    columns: int
    rows: int


@dataclass(frozen=True)
class Asked:
    """What the person asked this channel to be."""

    person: Person
    via: str = "ssh"
    arguments: tuple[str, ...] = ()
    terminal: Terminal | None = None
    environment: dict[str, str] = field(default_factory=dict)


class Channel(Protocol):
    """What of an SSH channel is needed here."""

    def write(self, data: bytes, datatype: int | None = None) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class PersonSession:
    """`feed`, `feed_eof`, `pause_writing`, `resume_writing`, `resize`, `signal`, `lost` are the channel's side."""

    def __init__(self, hub: Hub, nursery: NurseryLink, channel: Channel, asked: Asked) -> None:
        self._hub, self._nursery, self._channel, self._asked = hub, nursery, channel, asked
        self._id = nursery.next_id()
        self._inlet: Inlet | None = None
        self._outlets: list[Outlet] = []
        self._early = bytearray()
        self._early_eof = False
        self._hung_up = asyncio.Event()
        self._terminal: int | None = None
        self._paused = False

    async def run(self) -> int:
        """Start the program and see it to its end; its exit status. Raises `OSError`."""
        socket = self._hub.locations.state / "visits" / f"{secrets.token_hex(8)}.sock"
        socket.parent.mkdir(mode=0o700, exist_ok=True)
        async with serving(self._hub, VERBS, socket, self._asked.person, self._asked.via):
            with self._descriptors() as theirs:
                ended = await self._nursery.launch(self._order(str(socket)), theirs)
            try:
                return await self._until(ended)
            finally:
                self._close()

    def _order(self, socket: str) -> Launch:
        asked = self._asked
        return Launch(
            id=self._id,
            state=str(self._hub.locations.state),
            socket=socket,
            person=asked.person.name,
            arguments=asked.arguments,
            environment=asked.environment,
            terminal=asked.terminal is not None,
            readonly=asked.person.role is Role.VIEWER,
        )

    @contextlib.contextmanager
    def _descriptors(self) -> Iterator[list[int]]:
        """The program's descriptors, ours no longer after the `with`; and our ends of them, connected."""
        ours, theirs = self._open_terminal() if self._asked.terminal else _open_pipes()
        try:
            self._connect(*ours)
            yield theirs
        finally:
            for descriptor in theirs:
                os.close(descriptor)

    def _open_terminal(self) -> tuple[list[int], list[int]]:
        master, slave = os.openpty()
        self._terminal = master
        assert self._asked.terminal is not None
        self.resize(self._asked.terminal.columns, self._asked.terminal.rows)
        return [os.dup(master), master], [slave]

    def _connect(self, to_program: int, *from_program: int) -> None:
        self._inlet = Inlet(to_program, self._channel.pause_reading, self._channel.resume_reading)
        kinds = (None, asyncssh.EXTENDED_DATA_STDERR)
        for descriptor, kind in zip(from_program, kinds, strict=False):
            self._outlets.append(Outlet(descriptor, functools.partial(self._channel.write, datatype=kind)))
        if self._paused:
            self.pause_writing()
        self.feed(bytes(self._early))
        if self._early_eof:
            self.feed_eof()

    async def _until(self, ended: asyncio.Future[int]) -> int:
        """Its end and all its output; or, once the client is gone, a short grace and its end by force."""
        gone = asyncio.ensure_future(self._hung_up.wait())
        finished = asyncio.ensure_future(_all(ended, *(outlet.ended for outlet in self._outlets)))
        try:
            await asyncio.wait({gone, finished}, return_when=asyncio.FIRST_COMPLETED)
            if not finished.done():
                self._close()
                self._nursery.kill(self._id, signal.SIGHUP)
                await asyncio.wait({ended}, timeout=HANG_UP_LIMIT_S)
                self._nursery.kill(self._id, signal.SIGKILL)
            return await ended
        finally:
            gone.cancel()
            finished.cancel()
            self._nursery.kill(self._id, signal.SIGKILL)

    def _close(self) -> None:
        if self._inlet is not None:
            self._inlet.close()
        for outlet in self._outlets:
            outlet.close()
        self._terminal = None

    # The channel's side

    def feed(self, data: bytes) -> None:
        if self._inlet is None:
            self._early += data
        elif data:
            self._inlet.feed(data)

    def feed_eof(self) -> None:
        if self._inlet is None:
            self._early_eof = True
        elif self._asked.terminal is None:
            self._inlet.feed_eof()

    def pause_writing(self) -> None:
        self._paused = True
        for outlet in self._outlets:
            outlet.pause()

    def resume_writing(self) -> None:
        self._paused = False
        for outlet in self._outlets:
            outlet.resume()

    def resize(self, columns: int, rows: int) -> None:
        if self._terminal is not None:
            size = struct.pack("HHHH", _between(rows), _between(columns), 0, 0)
            with contextlib.suppress(OSError):
                fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)

    def signal(self, name: str) -> None:
        if name in SIGNALS:
            self._nursery.kill(self._id, SIGNALS[name])

    def lost(self) -> None:
        self._hung_up.set()


async def _all(*futures: asyncio.Future[Any]) -> None:
    """All of them, none cancelled with the waiting."""
    await asyncio.wait(futures)


def _open_pipes() -> tuple[list[int], list[int]]:
    """Ours (to its stdin, from its stdout and stderr) and theirs."""
    (stdin, to_stdin), (from_stdout, stdout), (from_stderr, stderr) = os.pipe(), os.pipe(), os.pipe()
    return [to_stdin, from_stdout, from_stderr], [stdin, stdout, stderr]


def _between(size: int) -> int:
    """A size that a terminal can have, whatever the client says."""
    return max(1, min(size, 1000))
