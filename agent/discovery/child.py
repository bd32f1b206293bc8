"""A scan in a short-lived forked child: what it loads and leaves behind ends with it. The parent stays small.

The parent starts it, waits for its descriptor to be readable until it ends (event loop or not), and decodes what came.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

if TYPE_CHECKING:
    from agent.discovery.collector import Limits
    from agent.discovery.scan import Report

_NICENESS = 10


class ScanChild(NamedTuple):
    """`descriptor` is non-blocking and ends with the report; the parent reads, closes it and reaps `pid`."""

    pid: int
    descriptor: int


def start_scan(limits: Optional[Limits] = None, memory: Optional[dict[str, Any]] = None) -> ScanChild:
    """Forks a child that scans and writes its report. It leads a process group, so that killing it ends all of it."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        os.set_blocking(reading, False)
        return ScanChild(pid, reading)
    code = 1
    try:
        _become_a_child(writing)
        _scan_into(writing, limits, memory)
        code = 0
    except BaseException as error:  # nothing may return into the parent's code
        sys.stderr.write(f"scan: {type(error).__name__}: {error}\n")
        sys.stderr.flush()
    finally:
        os._exit(code)


def _become_a_child(writing: int) -> None:
    """Lets go of what is the parent's: its signals, its descriptors (a connection lives as long as one holds it)."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(writing, 3)
    os.closerange(4, 65536)
    os.nice(_NICENESS)


def _scan_into(writing: int, limits: Optional[Limits], memory: Optional[dict[str, Any]]) -> None:
    import msgspec  # noqa: PLC0415 - loaded here, the collectors do not stay in the parent

    from agent.discovery.scan import scan  # noqa: PLC0415

    data = memoryview(msgspec.msgpack.encode(scan(limits=limits, memory=memory)))
    while data:
        data = data[os.write(3, data) :]


def decode_report(data: bytes) -> Report:
    """The report that a child wrote. Raises msgspec.DecodeError or ValidationError where it did not come to its end."""
    import msgspec  # noqa: PLC0415

    from agent.discovery.scan import Report  # noqa: PLC0415

    return msgspec.msgpack.decode(data, type=Report)
