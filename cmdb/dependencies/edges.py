"""What an observation says of who uses whom, given where everything is. Names things; writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from cmdb.dependencies.observation import OUT, Observation
from cmdb.dependencies.places import Places


class External(NamedTuple):
    """A peer that no agent lives on. One that is asked is known by its port too, one that asks by its address."""

    address: str
    port: int = 0

    @property
    def name(self) -> str:
        if not self.port:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def id(self) -> str:
        return f"external-{hashlib.blake2s(self.name.encode(), digest_size=5).hexdigest()}"


class Edge(NamedTuple):
    """Source uses target; `via` is the address and port that were seen. One end may be an `External`."""

    source: str
    target: str
    via: str
    external: External | None = None


def edges(host: str, seen: Iterable[Observation], places: Places) -> list[Edge]:
    """The edges that a host's observations show, each once."""
    found = {edge[:2]: edge for observation in seen if (edge := _edge(host, observation, places)) is not None}
    return [found[name] for name in sorted(found)]


def _edge(host: str, seen: Observation, places: Places) -> Edge | None:
    software = places.software(host, seen.software)
    if software is None:
        return None  # its section was not ok: the next report tells
    if seen.direction == OUT:
        return _outgoing(host, software, seen, places)
    if seen.is_loopback or places.host_of(seen.address, host) or places.container_at(host, seen.address):
        return None  # the one who asks tells it better: by its program
    external = External(seen.address)
    return Edge(external.id, software, seen.endpoint, external)


def _outgoing(host: str, software: str, seen: Observation, places: Places) -> Edge | None:
    external = External(seen.address, seen.port)
    target = _target(host, seen, places)
    if target == software:
        return None
    if target is not None:
        return Edge(software, target, external.name)
    if seen.is_loopback:
        return None  # another namespace's loopback, or a listener that is gone
    return Edge(software, external.id, external.name, external)


def _target(host: str, seen: Observation, places: Places) -> str | None:
    """The CI that answers there: a database, software, or its host where nobody says who listens."""
    inside = places.container_at(host, seen.address)
    if inside is not None:
        return places.software(host, inside)
    if seen.is_loopback:
        # Inside of a container its loopback is its own.
        return None if seen.namespace else _listening(host, seen, places)
    other = places.host_of(seen.address, host)
    return None if other is None else _listening(other, seen, places) or other


def _listening(host: str, seen: Observation, places: Places) -> str | None:
    key = places.listener(host, seen.address, seen.port)
    return None if key is None else places.database(host, key, seen.port) or places.software(host, key)
