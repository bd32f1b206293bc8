"""How full the swap space is; a machine without one is well."""

from __future__ import annotations

from checks.finding import Finding, Trace
from checks.meminfo import read_bytes
from checks.probes import Params, Probe
from checks.result import Metric, State
from checks.units import in_words


class SwapParams(Params, frozen=True):
    """Nothing to tell it."""


async def look(params: SwapParams, trace: Trace) -> Finding:
    total, free = read_bytes("SwapTotal", "SwapFree") or _elsewhere()
    used_percent = 100 * (total - free) / total if total else 0.0
    said = f"swap {used_percent:.1f} % used, {in_words(free)} of {in_words(total)} free"
    return Finding(
        said if total else "no swap is set up",
        metrics=(
            Metric("used_percent", round(used_percent, 2), "%", minimum=0.0, maximum=100.0),
            Metric("used_bytes", float(total - free), "B", minimum=0.0, maximum=float(total)),
        ),
    )


def _elsewhere() -> tuple[int, int]:
    import psutil  # noqa: PLC0415

    swap = psutil.swap_memory()
    return swap.total, swap.free


PROBE = Probe(SwapParams, look, on_timeout=State.UNKNOWN)
