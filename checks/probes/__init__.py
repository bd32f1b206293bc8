"""The probes: each looks at one thing, once. Not when (that is the scheduler), not how bad (that is `checks.judge`).

A probe's module has a `PROBE`. Modules load when first asked for, so that an agent carries only what it runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable
from typing import Any, Callable, NamedTuple

import msgspec

from checks.finding import Finding, Trace
from checks.result import State


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a probe may be told; each probe has its own below this one."""


class Probe(NamedTuple):
    """`look` raises `ProbeError` where it has no good finding; `on_timeout` is the state of no answer in time."""

    params: type[Params]
    look: Callable[[Any, Trace], Awaitable[Finding]]
    on_timeout: State = State.CRITICAL


# type → the module that has it
PROBES = {
    "filesystem": "checks.probes.filesystem",
    "http": "checks.probes.http",
    "load": "checks.probes.load",
    "memory": "checks.probes.memory",
    "process": "checks.probes.process",
    "swap": "checks.probes.swap",
    "tcp": "checks.probes.tcp",
    "tls": "checks.probes.tls",
    "unit": "checks.probes.unit",
}


class NoSuchProbe(LookupError):
    """No probe has this type."""


def load(type_: str) -> Probe:
    """The probe of this type; raises `NoSuchProbe`."""
    module = PROBES.get(type_)
    if module is None:
        raise NoSuchProbe(f"no probe of type {type_!r}; there are: {', '.join(sorted(PROBES))}")
    probe = importlib.import_module(module).PROBE
    assert isinstance(probe, Probe)
    return probe
