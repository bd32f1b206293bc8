"""How many may be at the door: strangers in all and by source, visitors in all and by name. Not who they are."""

from __future__ import annotations

import functools
import ipaddress
from collections import Counter

from cmdb.config import SshSection


class Guard:
    """Counts; says why not. Each `let_in…` that gives no reason is paired with its `let_go…`."""

    def __init__(self, limits: SshSection) -> None:
        self._limits = limits
        self._strangers: Counter[str] = Counter()
        self._visitors: Counter[str] = Counter()
        self._programs = 0

    @property
    def strangers(self) -> int:
        """Connections that have not said who they are."""
        return self._strangers.total()

    @property
    def visitors(self) -> int:
        """Connections that have."""
        return self._visitors.total()

    def let_in_stranger(self, source: str) -> str:
        """Why a new connection is not taken; empty when it is."""
        if self._strangers.total() >= self._limits.strangers:
            return f"{self._limits.strangers} connections have not logged in yet"
        if self._strangers[source] >= self._limits.strangers_per_source:
            return f"{self._limits.strangers_per_source} connections from there have not logged in yet"
        self._strangers[source] += 1
        return ""

    def let_go_stranger(self, source: str) -> None:
        _less(self._strangers, source)

    def let_in_visitor(self, name: str) -> str:
        """Why someone who proved who they are is not taken."""
        if self._visitors.total() >= self._limits.connections:
            return f"{self._limits.connections} connections are open"
        if self._visitors[name] >= self._limits.connections_per_person:
            return f"{name} has {self._limits.connections_per_person} connections open"
        self._visitors[name] += 1
        return ""

    def let_go_visitor(self, name: str) -> None:
        _less(self._visitors, name)

    def let_in_program(self) -> str:
        """Why no further program is started."""
        if self._programs >= self._limits.programs:
            return f"{self._limits.programs} programs run"
        self._programs += 1
        return ""

    def let_go_program(self) -> None:
        self._programs -= 1


@functools.lru_cache(maxsize=4096)
def source_of(address: str) -> str:
    """What counts as one source: an IPv4 address, or an IPv6 network of 64 bits, which one host has to itself."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and not found.is_loopback:
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _less(counts: Counter[str], name: str) -> None:
    counts[name] -= 1
    if counts[name] <= 0:
        del counts[name]
