"""The hub's end of the nursery: starts it, gives it orders, hears of ends, and starts it anew should it die."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import socket
import sys
from collections.abc import AsyncIterator, Sequence

import msgspec

from console.ssh.orders import MAX_ORDER_BYTES, Ended, Kill, Launch

LOST_STATUS = 255
_log = logging.getLogger(__name__)
_decode = msgspec.msgpack.Decoder(Ended).decode


class NurseryLink:
    """`launch` gives an id and the future of its exit status."""

    def __init__(self) -> None:
        self._control: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._ids = itertools.count(1)
        self._running: dict[int, asyncio.Future[int]] = {}

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """A nursery is there inside the `async with`."""
        await self._start()
        try:
            yield
        finally:
            self._close()
            if self._process is not None:
                await self._process.wait()

    @property
    def pid(self) -> int | None:
        """The nursery's process."""
        return None if self._process is None else self._process.pid

    def next_id(self) -> int:
        """An id for the next program."""
        return next(self._ids)

    async def launch(self, order: Launch, descriptors: Sequence[int]) -> asyncio.Future[int]:
        """Start a program on these descriptors, which stay the caller's to close. Raises `OSError`."""
        if self._control is None:
            await self._start()
        assert self._control is not None
        ended = self._running[order.id] = asyncio.get_running_loop().create_future()
        try:
            socket.send_fds(self._control, [msgspec.msgpack.encode(order)], descriptors)
        except OSError:
            del self._running[order.id]
            raise
        return ended

    def kill(self, id_: int, number: int) -> None:
        """Send a signal to a program, if it still runs."""
        if id_ in self._running and self._control is not None:
            with contextlib.suppress(OSError):
                self._control.send(msgspec.msgpack.encode(Kill(id_, number)))

    async def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "console.ssh.nursery",
                str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
            )
        finally:
            theirs.close()
        self._control = ours
        asyncio.get_running_loop().add_reader(ours.fileno(), self._readable, ours)

    def _readable(self, control: socket.socket) -> None:
        try:
            data = control.recv(MAX_ORDER_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            _log.warning("the nursery of visitors' programs has ended")
            self._close()
            return
        ended = _decode(data)
        waiting = self._running.pop(ended.id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(ended.status)

    def _close(self) -> None:
        if self._control is not None:
            asyncio.get_running_loop().remove_reader(self._control.fileno())
            self._control.close()
            self._control = None
        for waiting in self._running.values():
            if not waiting.done():
                waiting.set_result(LOST_STATUS)
        self._running.clear()
