"""How much memory programs could still get, swap not counted."""

from __future__ import annotations

import psutil

from checks.finding import Finding, Trace
from checks.probes import Params, Probe
from checks.result import Metric, State
from checks.units import in_words


class MemoryParams(Params, frozen=True):
    """Nothing to tell it."""


async def look(params: MemoryParams, trace: Trace) -> Finding:
    memory = psutil.virtual_memory()
    used_percent = 100 * (memory.total - memory.available) / memory.total
    return Finding(
        f"memory {used_percent:.1f} % used, {in_words(memory.available)} of {in_words(memory.total)} available",
        metrics=(
            Metric("used_percent", round(used_percent, 2), "%", minimum=0.0, maximum=100.0),
            Metric("available_bytes", float(memory.available), "B", minimum=0.0, maximum=float(memory.total)),
        ),
    )


PROBE = Probe(MemoryParams, look, on_timeout=State.UNKNOWN)
