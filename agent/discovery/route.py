"""Routes of the main table from /proc/net/route and ipv6_route, for the interface that each leaves by."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from agent.discovery.sockets import parse_address
from agent.discovery.source import read_text

ROUTES_PER_INTERFACE = 64
_UP, _REJECT, _CACHE, _LOCAL = 0x0001, 0x0200, 0x01000000, 0x80000000


class Route(NamedTuple):
    interface: str
    destination: str  # `default` or `192.0.2.0/24`
    gateway: str  # empty on the link
    metric: int

    def __str__(self) -> str:
        via = f" via {self.gateway}" if self.gateway else ""
        return f"{self.destination}{via}" + (f" metric {self.metric}" if self.metric else "")


def parse_ipv4(text: str) -> Iterator[Route]:
    """/proc/net/route."""
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8 or not int(fields[3], 16) & _UP or int(fields[3], 16) & _REJECT:
            continue
        network, gateway = (parse_address(f"{field}:0")[0] for field in fields[1:3])
        prefix = bin(int(fields[7], 16)).count("1")
        yield Route(fields[0], _destination(network, prefix), "" if gateway == "0.0.0.0" else gateway, int(fields[6]))


def parse_ipv6(text: str) -> Iterator[Route]:
    """/proc/net/ipv6_route, without the host's own addresses, cached entries and multicast."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 10:
            continue
        flags = int(fields[8], 16)
        if not flags & _UP or flags & (_REJECT | _CACHE | _LOCAL) or fields[0].startswith("ff"):
            continue
        network, gateway = (socket.inet_ntop(socket.AF_INET6, bytes.fromhex(fields[at])) for at in (0, 4))
        yield Route(
            fields[9], _destination(network, int(fields[1], 16)), "" if gateway == "::" else gateway, int(fields[5], 16)
        )


def _destination(network: str, prefix: int) -> str:
    return "default" if prefix == 0 else f"{network}/{prefix}"


def read_routes() -> dict[str, list[str]]:
    """The routes by interface, as text, in order."""
    found: dict[str, list[str]] = {}
    for route in _all():
        routes = found.setdefault(route.interface, [])
        if len(routes) < ROUTES_PER_INTERFACE:
            routes.append(str(route))
    return {interface: sorted(routes) for interface, routes in found.items()}


def _all() -> Iterable[Route]:
    for path, parse in (("/proc/net/route", parse_ipv4), ("/proc/net/ipv6_route", parse_ipv6)):
        try:
            yield from parse(read_text(path))
        except FileNotFoundError:  # that version of IP is switched off
            continue
