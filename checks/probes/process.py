"""How many processes of a kind run."""

from __future__ import annotations

from typing import Optional

import psutil

from checks.aside import aside
from checks.finding import Finding, Trace, Unhealthy
from checks.probes import Params, Probe
from checks.result import Metric, State


class ProcessParams(Params, frozen=True):
    """A process counts when all of these that are given hold: its name, a text in its command line, its user."""

    name: Optional[str] = None
    command_contains: Optional[str] = None
    user: Optional[str] = None
    at_least: int = 1
    at_most: Optional[int] = None

    def __post_init__(self) -> None:
        if (self.name, self.command_contains, self.user) == (None, None, None):
            raise ValueError("name, command_contains or user says which processes are meant")

    def __str__(self) -> str:
        parts = {"named": self.name, "with": self.command_contains, "of user": self.user}
        return " ".join(f"{word} {value}" for word, value in parts.items() if value is not None)


async def look(params: ProcessParams, trace: Trace) -> Finding:
    trace.doing = "reading the process table"
    count = await aside(lambda: sum(_is_meant(params, process) for process in psutil.process_iter()))
    said = f"{count} processes {params}" if count != 1 else f"1 process {params}"
    metrics = (Metric("count", float(count), minimum=0.0),)
    most = params.at_most
    if count < params.at_least or (most is not None and count > most):
        expected = f"at least {params.at_least}" + (f", at most {most}" if most is not None else "")
        raise Unhealthy(said, expected=expected, actual=str(count), metrics=metrics)
    return Finding(said, metrics=metrics)


def _is_meant(params: ProcessParams, process: psutil.Process) -> bool:
    try:
        return (
            (params.name is None or process.name() == params.name)
            and (params.user is None or process.username() == params.user)
            and (params.command_contains is None or params.command_contains in " ".join(process.cmdline()))
        )
    except psutil.Error:
        return False  # it ended while we looked, or is not ours to see


PROBE = Probe(ProcessParams, look, on_timeout=State.UNKNOWN)
