"""The probes: each looks at one thing, once. Not when (that is the scheduler), not how bad (that is `checks.judge`).

A probe's module has a `PROBE`. Modules load when first asked for, so that an agent carries only what it runs.
"""

from __future__ import annotations

import functools
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


# type → the module that has it, and what it is called there where that is not `PROBE`
PROBES = {
    "clock": "checks.probes.clock",
    "container": "checks.probes.container",
    "disk_io": "checks.probes.disk_io",
    "dns": "checks.probes.dns",
    "file": "checks.probes.file",
    "filesystem": "checks.probes.filesystem",
    "grpc": "checks.probes.grpc",
    "http": "checks.probes.http",
    "icmp": "checks.probes.icmp",
    "imap": "checks.probes.mail:IMAP",
    "load": "checks.probes.load",
    "log": "checks.probes.log",
    "memory": "checks.probes.memory",
    "mysql": "checks.probes.mysql",
    "network_errors": "checks.probes.network_errors",
    "ntp": "checks.probes.ntp",
    "plugin": "checks.probes.plugin",
    "pop3": "checks.probes.mail:POP3",
    "postgres": "checks.probes.postgres",
    "process": "checks.probes.process",
    "redis": "checks.probes.redis",
    "smtp": "checks.probes.mail:SMTP",
    "ssh": "checks.probes.ssh",
    "swap": "checks.probes.swap",
    "tcp": "checks.probes.tcp",
    "tls": "checks.probes.tls",
    "udp": "checks.probes.udp",
    "unit": "checks.probes.unit",
}
# Types whose results the hub makes itself, out of what it hears or does not hear from an agent.
JUDGED_AT_HUB = frozenset({"heartbeat"})


class NoSuchProbe(LookupError):
    """No probe has this type."""


@functools.cache
def load(type_: str) -> Probe:
    """The probe of this type; raises `NoSuchProbe`."""
    place = PROBES.get(type_)
    if place is None:
        raise NoSuchProbe(f"no probe of type {type_!r}; there are: {', '.join(sorted(PROBES))}")
    module, _, name = place.partition(":")
    probe = getattr(importlib.import_module(module), name or "PROBE")
    assert isinstance(probe, Probe)
    return probe
