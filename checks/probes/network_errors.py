"""Whether an interface is up, and how many packets it damages or drops, since the last look."""

from __future__ import annotations

import psutil

from checks.finding import Finding, Trace, Unhealthy
from checks.probes import Params, Probe
from checks.probes.rates import rates
from checks.result import Metric, State


class NetworkErrorsParams(Params, frozen=True):
    """`up`: it must have a link."""

    interface: str
    up: bool = True


async def look(params: NetworkErrorsParams, trace: Trace) -> Finding:
    name = params.interface
    counters = psutil.net_io_counters(pernic=True).get(name)
    state = psutil.net_if_stats().get(name)
    if counters is None or state is None:
        raise Unhealthy(f"there is no interface {name}", expected=name, actual="no such interface")
    if params.up and not state.isup:
        raise Unhealthy(f"{name} is down", expected="up", actual="down")
    counted = {"errors": float(counters.errin + counters.errout), "drops": float(counters.dropin + counters.dropout)}
    grown = rates(f"network_errors {name}", counted)
    if grown is None:
        return Finding(f"{name} is {'up' if state.isup else 'down'}: first look, rates come with the next")
    return Finding(
        f"{name} is {'up' if state.isup else 'down'}, {grown['errors']:.2g} errors/s, {grown['drops']:.2g} drops/s",
        metrics=(
            Metric("errors_per_s", round(grown["errors"], 3), "/s", minimum=0.0),
            Metric("drops_per_s", round(grown["drops"], 3), "/s", minimum=0.0),
        ),
    )


PROBE = Probe(NetworkErrorsParams, look, on_timeout=State.UNKNOWN)
