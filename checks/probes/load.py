"""How long the run queue is, for each processor."""

from __future__ import annotations

import os

from checks.finding import CouldNotLook, Finding, Trace
from checks.probes import Params, Probe
from checks.result import Metric, State


class LoadParams(Params, frozen=True):
    """Nothing to tell it."""


async def look(params: LoadParams, trace: Trace) -> Finding:
    try:
        averages = os.getloadavg()
    except OSError as error:
        raise CouldNotLook(f"this system has no load average: {error}", "unsupported") from error
    processors = os.cpu_count() or 1
    names = ("load1", "load5", "load15")
    metrics = [Metric(name, round(value, 2), minimum=0.0) for name, value in zip(names, averages)]
    metrics += [
        Metric(f"{name}_per_cpu", round(value / processors, 3), minimum=0.0) for name, value in zip(names, averages)
    ]
    said = ", ".join(f"{value:.2f}" for value in averages)
    return Finding(f"load {said} on {processors} processors", metrics=tuple(metrics))


PROBE = Probe(LoadParams, look, on_timeout=State.UNKNOWN)
