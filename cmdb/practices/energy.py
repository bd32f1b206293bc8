"""About how much electricity hosts take: a straight line between idle and busy for processors, so much for memory.

The method is that of cloud-carbon-footprint.org (its average coefficients): right to a factor of two, good to compare
services with each other. Buildings, networks and disks are left out.
"""

from __future__ import annotations

import msgspec

IDLE_W, BUSY_W = 0.74, 3.5  # of a processor thread
MEMORY_W_PER_GB = 0.392
HOURS_A_MONTH = 730.0
USUALLY_BUSY = 0.5  # where nothing measures it


class HostSize(msgspec.Struct, frozen=True):
    """`busy` is the share of its processors that is in use, None where that is not measured."""

    threads: int
    memory_bytes: float
    busy: float | None = None


def kwh_a_month(host: HostSize) -> float:
    """What this host takes in a month."""
    busy = USUALLY_BUSY if host.busy is None else min(max(host.busy, 0.0), 1.0)
    processors_w = host.threads * (IDLE_W + busy * (BUSY_W - IDLE_W))
    return (processors_w + host.memory_bytes / 1e9 * MEMORY_W_PER_GB) * HOURS_A_MONTH / 1000
