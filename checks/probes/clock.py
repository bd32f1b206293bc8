"""Whether this host's clock is disciplined, as its kernel knows (adjtimex(2)). Against a server: the ntp probe."""

from __future__ import annotations

import ctypes
import sys

from checks.finding import CouldNotLook, Finding, Trace
from checks.probes import Params, Probe
from checks.result import Metric, State

_UNSYNCHRONISED = 0x40
_NANOSECONDS = 0x2000


class ClockParams(Params, frozen=True):
    """Nothing to tell it."""


class _Timex(ctypes.Structure):
    """The beginning of `struct timex`, and room for the rest of it."""

    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    ]


async def look(params: ClockParams, trace: Trace) -> Finding:
    if not sys.platform.startswith("linux"):
        raise CouldNotLook("only Linux tells how its clock is kept", "unsupported")
    timex = _Timex()
    if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)) < 0:
        raise CouldNotLook("the kernel does not tell how its clock is kept", "not_permitted")
    return measure(timex.status, timex.offset, timex.maxerror)


def measure(status: int, offset: int, max_error_us: int) -> Finding:
    """What the kernel's numbers say; the offset is in nanoseconds where the status says so, else microseconds."""
    offset_ms = abs(offset) / (1e6 if status & _NANOSECONDS else 1e3)
    synchronised = not status & _UNSYNCHRONISED
    said = f"clock kept in time, {offset_ms:.3f} ms off" if synchronised else "nothing keeps this clock in time"
    return Finding(
        said,
        metrics=(
            Metric("synchronised", float(synchronised), minimum=0.0, maximum=1.0),
            Metric("offset_ms", round(offset_ms, 4), "ms", minimum=0.0),
            Metric("max_error_ms", round(max_error_us / 1e3, 3), "ms", minimum=0.0),
        ),
    )


PROBE = Probe(ClockParams, look, on_timeout=State.UNKNOWN)
