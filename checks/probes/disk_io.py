"""How much a disk reads and writes, and how much of the time it is busy, since the last look."""

from __future__ import annotations

import psutil

from checks.finding import Finding, Trace, Unhealthy
from checks.probes import Params, Probe
from checks.probes.rates import rates
from checks.result import Metric, State
from checks.units import in_words


class DiskIoParams(Params, frozen=True):
    """A disk by its kernel name, as in `sda` or `nvme0n1`."""

    disk: str


async def look(params: DiskIoParams, trace: Trace) -> Finding:
    counters = (psutil.disk_io_counters(perdisk=True) or {}).get(params.disk)
    if counters is None:
        raise Unhealthy(f"there is no disk {params.disk}", expected=params.disk, actual="no such disk")
    # Milliseconds during which a request was under way, where the system counts them.
    busy_ms = float(getattr(counters, "busy_time", 0))
    grown = rates(
        f"disk_io {params.disk}",
        {"read": float(counters.read_bytes), "written": float(counters.write_bytes), "busy_ms": busy_ms},
    )
    if grown is None:
        return Finding(f"{params.disk}: first look, rates come with the next")
    busy_percent = min(100.0, grown["busy_ms"] / 10)
    return Finding(
        f"{params.disk} reads {in_words(grown['read'])}/s, writes {in_words(grown['written'])}/s, "
        f"busy {busy_percent:.0f} %",
        metrics=(
            Metric("read_bytes_per_s", round(grown["read"], 1), "B/s", minimum=0.0),
            Metric("written_bytes_per_s", round(grown["written"], 1), "B/s", minimum=0.0),
            Metric("busy_percent", round(busy_percent, 2), "%", minimum=0.0, maximum=100.0),
        ),
    )


PROBE = Probe(DiskIoParams, look, on_timeout=State.UNKNOWN)
