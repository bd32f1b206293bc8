"""The pre-loaded parent of visitors' programs: has everything imported, and forks one process per session.

Runs as a process of its own beside the hub, with neither threads nor an event loop, so that a fork is safe and
quick. It ends, and everything it started with it, when the hub's end of its socket closes.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
import time
from typing import Any

import msgspec

from console.ssh.orders import MAX_ORDER_BYTES, Ended, Launch, Order

SETTLE_S = 3.0  # the console is loaded once the start of everything else is over, or at the first visitor
END_LIMIT_S = 2.0
_decode = msgspec.msgpack.Decoder(Order).decode


def main() -> None:
    """Serve the hub on the descriptor that the first argument names."""
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    Nursery(control).run()


class Nursery:
    """One loop over two descriptors: orders from the hub, and news of ended children."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pids: dict[int, int] = {}  # order → process
        self._orders: dict[int, int] = {}
        self._woken, waker = os.pipe()
        for end in (self._woken, waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # the hub's end is what ends it

    def run(self) -> None:
        """Until the hub is gone."""
        load_commands()
        loaded = False
        while True:
            sources: list[Any] = [self._control, self._woken]
            ready, _, _ = select.select(sources, [], [], None if loaded else SETTLE_S)
            if not ready:
                load_console()
                loaded = True
            if self._woken in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._woken, 4096)
                self._reap()
            if self._control in ready and not self._obey():
                break
        self._end()

    def _obey(self) -> bool:
        """One order; False at the end of orders."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, MAX_ORDER_BYTES, 3)
        except ConnectionError:
            return False
        if not data:
            return False
        order = _decode(data)
        if isinstance(order, Launch):
            self._launch(order, descriptors)
        elif order.id in self._pids:
            _signal(self._pids[order.id], order.signal)
        return True

    def _launch(self, order: Launch, descriptors: list[int]) -> None:
        if order.terminal:
            load_console()
        try:
            pid = os.fork()
        except OSError:
            pid = -1
        if pid == 0:
            from console.ssh.program import be  # noqa: PLC0415 - loaded already; only a child needs the name

            be(order, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        if pid < 0:
            self._say(Ended(order.id, 1))
            return
        self._pids[order.id], self._orders[pid] = pid, order.id

    def _reap(self) -> None:
        while self._orders:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            id_ = self._orders.pop(pid, None)
            if id_ is not None:
                del self._pids[id_]
                code = os.waitstatus_to_exitcode(status)
                self._say(Ended(id_, code if code >= 0 else 128 - code))

    def _say(self, ended: Ended) -> None:
        with contextlib.suppress(OSError):
            self._control.send(msgspec.msgpack.encode(ended))

    def _end(self) -> None:
        """No program outlives the hub that it talks to."""
        for pid in self._orders:
            _signal(pid, signal.SIGHUP)
            _signal(pid, signal.SIGTERM)
        deadline = time.monotonic() + END_LIMIT_S
        while self._orders and time.monotonic() < deadline:
            select.select([self._woken], [], [], 0.05)
            self._reap()
        for pid in self._orders:
            _signal(pid, signal.SIGKILL)


def load_commands() -> None:
    """What every command needs, and every noun's own module."""
    import importlib  # noqa: PLC0415

    import console.main  # noqa: PLC0415
    import console.ssh.program  # noqa: F401, PLC0415
    from console.commands.grammar import NOUNS  # noqa: PLC0415
    from console.ssh.remote import REMOTE  # noqa: PLC0415

    for noun in sorted(REMOTE.keys() & NOUNS.keys()):
        importlib.import_module(f"console.commands.{NOUNS[noun][0]}")
    gc.collect()
    gc.freeze()


def load_console() -> None:
    """Textual and the screens; a fork then shares them."""
    if "console.app" not in sys.modules:
        import console.app  # noqa: F401, PLC0415

        gc.collect()
        gc.freeze()


def _signal(pid: int, number: int) -> None:
    """To the program's whole group; each leads its own."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, number)


if __name__ == "__main__":
    main()
