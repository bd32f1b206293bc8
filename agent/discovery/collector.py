"""What a collector is: a name, and a function from what it may look at to items. Not when it runs, nor for how long."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Callable, Generic, Optional, TypeVar

from agent.discovery.container_engine import engine_sockets, names_by_id
from agent.discovery.instance import Instance, read_instance
from agent.discovery.programs import Programs, look_at_programs
from agent.discovery.source import read_text
from agent.wire import Item

_SEE_ALL = 1 << 2 | 1 << 19  # CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE


@dataclass(frozen=True)
class Limits:
    """Bounds of one scan. `sniff` allows asking new listening endpoints on own addresses what they speak."""

    section_s: float = 15.0
    command_s: float = 8.0
    items: int = 20_000
    sniff: bool = True


T = TypeVar("T")


class Once(Generic[T]):
    """A value that is made by whoever asks first, while the others wait; its failure is everybody's."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: list[T] = []
        self._error: Optional[Exception] = None

    @property
    def value(self) -> T:
        with self._lock:
            if self._error is not None:
                raise self._error
            if not self._made:
                try:
                    self._made.append(self._make())
                except Exception as error:
                    self._error = error
                    raise
            return self._made[0]


class Shared:
    """What several collectors need and only one should pay for."""

    def __init__(self) -> None:
        self._programs = Once(lambda: look_at_programs(names_by_id(engine_sockets())))
        self._instance = Once(read_instance)

    @property
    def programs(self) -> Programs:
        """The processes of this host, their groups and their sockets."""
        return self._programs.value

    @property
    def instance(self) -> Optional[Instance]:
        """The cloud instance that this host is."""
        return self._instance.value


def is_privileged() -> bool:
    """Whether this process may look at everything: as root, or by the two capabilities that its unit is given."""
    if not hasattr(os, "geteuid"):
        return False
    return os.geteuid() == 0 or has_capabilities(read_text("/proc/self/status", 8192))


def has_capabilities(status: str) -> bool:
    """Whether /proc/PID/status shows CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE as effective, capabilities(7)."""
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16) & _SEE_ALL == _SEE_ALL
    return False


@dataclass
class Look:
    """One section's view of the host during one scan.

    `memory` is what this section's collector left at the last scan, and may change for the next.
    """

    limits: Limits = field(default_factory=Limits)
    shared: Shared = field(default_factory=Shared)
    memory: dict[str, Any] = field(default_factory=dict)
    privileged: bool = field(default_factory=is_privileged)
    missed: list[str] = field(default_factory=list)  # what the list lacks: the section is partial
    notes: list[str] = field(default_factory=list)  # what is said though the list is whole


@dataclass(frozen=True)
class Collector:
    """`section` names an entry of `sections.SECTIONS`."""

    section: str
    collect: Callable[[Look], Iterable[Item]]
