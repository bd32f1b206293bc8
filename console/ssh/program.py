"""A visitor's program after the fork: becomes a session of its own, on the descriptors it was given, and runs."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import signal
import sys
import termios
from pathlib import Path
from typing import NoReturn

from console.errors import CommandError
from console.ssh.orders import Launch
from console.ssh.remote import remote_command
from console.ssh.visit_locations import VisitLocations

_KEPT = ("PATH", "HOME", "TZ", "LANG")


def be(order: Launch, descriptors: list[int]) -> NoReturn:
    """Never returns into the parent's code."""
    status: int = 1
    try:
        _settle(order, descriptors)
        status = _run(order)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException as error:
        with contextlib.suppress(Exception):
            sys.stderr.write(f"watchdeck: {type(error).__name__}: {error}\n")
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status & 0xFF)


def _settle(order: Launch, descriptors: list[int]) -> None:
    """Own session, own terminal if there is one, nothing of the parent's but its code."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for handled in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(handled, signal.SIG_DFL)
    if order.terminal:
        fcntl.ioctl(descriptors[0], termios.TIOCSCTTY, 0)
    streams = descriptors * 3 if order.terminal else descriptors
    for number, descriptor in enumerate(streams[:3]):
        os.dup2(descriptor, number)
    os.closerange(3, 65536)
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    os.environ.clear()
    os.environ.update(kept | order.environment)
    _open_streams()


def _open_streams() -> None:
    """Python's own, on the new descriptors. Some libraries write to the ones with underscores."""
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.FileIO(0, "r", closefd=False), "utf-8", errors="replace")  # type: ignore[misc]
    out, err = (
        io.TextIOWrapper(
            io.BufferedWriter(io.FileIO(number, "w", closefd=False)),
            "utf-8",
            errors="replace",
            line_buffering=number == 2,
        )
        for number in (1, 2)
    )
    sys.stdout = sys.__stdout__ = out  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = err  # type: ignore[misc]


def _run(order: Launch) -> int:
    locations = VisitLocations(Path(order.state), Path(order.socket), order.person)
    if order.terminal:
        from console.app import run_console  # noqa: PLC0415 - only a console needs it, and its parent has it loaded

        return run_console(locations, readonly=order.readonly)
    from console.main import answer, say_error  # noqa: PLC0415

    try:
        words = remote_command(order.arguments)
    except CommandError as error:
        return say_error(error)
    return answer(words, locations)
