"""What a collector is: a name, and a function from what it may look at to items. Not when it runs, nor for how long."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from agent.discovery.programs import Programs, look_at_programs
from agent.wire import Item


@dataclass(frozen=True)
class Limits:
    """Bounds of one scan. `sniff` allows asking new listening endpoints on own addresses what they speak."""

    section_s: float = 15.0
    command_s: float = 8.0
    items: int = 20_000
    sniff: bool = True


class Shared:
    """What several collectors need and only one should pay for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._programs: Optional[Programs] = None

    @property
    def programs(self) -> Programs:
        """The processes of this host, their groups and their sockets."""
        with self._lock:
            if self._programs is None:
                self._programs = look_at_programs()
            return self._programs


@dataclass
class Look:
    """One section's view of the host during one scan.

    `memory` is what this section's collector left at the last scan, and may change for the next.
    """

    limits: Limits = field(default_factory=Limits)
    shared: Shared = field(default_factory=Shared)
    memory: dict[str, Any] = field(default_factory=dict)
    privileged: bool = field(default_factory=lambda: os.geteuid() == 0)
    missed: list[str] = field(default_factory=list)  # what the list lacks: the section is partial
    notes: list[str] = field(default_factory=list)  # what is said though the list is whole


@dataclass(frozen=True)
class Collector:
    """`section` names an entry of `sections.SECTIONS`."""

    section: str
    collect: Callable[[Look], Iterable[Item]]
