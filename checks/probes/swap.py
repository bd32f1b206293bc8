"""How full the swap space is; a machine without one is well."""

from __future__ import annotations

import psutil

from checks.finding import Finding, Trace
from checks.probes import Params, Probe
from checks.result import Metric, State
from checks.units import in_words


class SwapParams(Params, frozen=True):
    """Nothing to tell it."""


async def look(params: SwapParams, trace: Trace) -> Finding:
    swap = psutil.swap_memory()
    used_percent = 100 * swap.used / swap.total if swap.total else 0.0
    said = f"swap {used_percent:.1f} % used, {in_words(swap.free)} of {in_words(swap.total)} free"
    return Finding(
        said if swap.total else "no swap is set up",
        metrics=(
            Metric("used_percent", round(used_percent, 2), "%", minimum=0.0, maximum=100.0),
            Metric("used_bytes", float(swap.used), "B", minimum=0.0, maximum=float(swap.total)),
        ),
    )


PROBE = Probe(SwapParams, look, on_timeout=State.UNKNOWN)
