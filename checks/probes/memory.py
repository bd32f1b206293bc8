"""How much memory programs could still get, swap not counted."""

from __future__ import annotations

from checks.finding import Finding, Trace
from checks.meminfo import read_bytes
from checks.probes import Params, Probe
from checks.result import Metric, State
from checks.units import in_words


class MemoryParams(Params, frozen=True):
    """Nothing to tell it."""


async def look(params: MemoryParams, trace: Trace) -> Finding:
    total, available = read_bytes("MemTotal", "MemAvailable") or _elsewhere()
    used_percent = 100 * (total - available) / total
    return Finding(
        f"memory {used_percent:.1f} % used, {in_words(available)} of {in_words(total)} available",
        metrics=(
            Metric("used_percent", round(used_percent, 2), "%", minimum=0.0, maximum=100.0),
            Metric("available_bytes", float(available), "B", minimum=0.0, maximum=float(total)),
        ),
    )


def _elsewhere() -> tuple[int, int]:
    import psutil  # noqa: PLC0415

    memory = psutil.virtual_memory()
    return memory.total, memory.available


PROBE = Probe(MemoryParams, look, on_timeout=State.UNKNOWN)
