"""One lasting connection of a host's program with a peer, as its agent saw it. Not who the peer is."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

from agent.wire import Item

OUT, IN = "out", "in"


class Observation(NamedTuple):
    """`software` and `endpoint` are keys within the observing host; an incoming one has no `port` of meaning."""

    direction: str
    software: str
    address: str
    port: int = 0
    endpoint: str = ""
    namespace: str = ""

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.address).is_loopback


def observations(items: Iterable[Item]) -> list[Observation]:
    """The observations of a `connection` section. What is no address or port of a network is left out."""
    found = []
    for item in items:
        seen = _observation(item)
        if seen is not None:
            found.append(seen)
    return found


def _observation(item: Item) -> Observation | None:
    attributes = item.attributes
    direction, software = attributes.get("direction"), attributes.get("software")
    port = attributes.get("peer_port", 0)
    try:
        address = ipaddress.ip_address(str(attributes.get("peer_address")))
    except ValueError:
        return None
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return None
    if (
        direction not in (OUT, IN)
        or not isinstance(software, str)
        or not isinstance(port, int)
        or not 0 <= port < 65536
    ):
        return None
    endpoint, namespace = str(attributes.get("endpoint", "")), str(attributes.get("namespace", ""))
    return Observation(direction, software, str(address), port, endpoint, namespace)
