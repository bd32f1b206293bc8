"""The installation as a visitor's program sees it; by its type commands know that files here are not the visitor's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cmdb.locations import Locations


@dataclass(frozen=True)
class VisitLocations(Locations):
    """The hub answers at a socket of this visit alone; `person` is whose it is."""

    socket: Path
    person: str

    @property
    def hub_socket(self) -> Path:
        return self.socket
