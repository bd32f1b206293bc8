"""Network interfaces from /sys/class/net. Their addresses are in `address.py`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Optional

from agent.discovery.collector import Look
from agent.discovery.route import read_routes
from agent.discovery.source import read_line
from agent.wire import Item

_NET = "/sys/class/net"
_ETHERNET = "1"
_ASSIGNED_BY_HARDWARE = "0"  # NET_ADDR_PERM
_STATISTICS = (
    "rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped",
)  # fmt: skip
_ADMIN_UP = 0x1


class Interface(NamedTuple):
    name: str
    mac: str
    permanent_mac: str  # of a physical Ethernet port; empty for all others
    kind: str
    mtu: int
    speed_mbps: Optional[int]
    duplex: str
    driver: str
    enabled: bool
    link: str  # up | down | unknown …
    master: str  # the bond or bridge that it belongs to
    statistics: dict[str, int]


def read_interfaces() -> list[Interface]:
    """All interfaces of the agent's own network namespace."""
    try:
        names = sorted(os.listdir(_NET))  # noqa: PTH208
    except FileNotFoundError:
        return []
    return [_read_interface(name) for name in names if os.path.isdir(f"{_NET}/{name}")]  # noqa: PTH112


def _read_interface(name: str) -> Interface:
    folder = f"{_NET}/{name}"
    physical = os.path.exists(f"{folder}/device")  # noqa: PTH110
    mac = read_line(f"{folder}/address")
    speed = _quiet(f"{folder}/speed")
    return Interface(
        name=name,
        mac=mac if mac.strip("0:") else "",
        permanent_mac=_permanent_mac(folder, mac) if physical else "",
        kind=_kind(folder, physical),
        mtu=int(read_line(f"{folder}/mtu") or 0),
        speed_mbps=int(speed) if speed.isdigit() and int(speed) < 10**7 else None,
        duplex=_quiet(f"{folder}/duplex"),
        driver=_base_of_link(f"{folder}/device/driver"),
        enabled=bool(int(read_line(f"{folder}/flags") or "0", 16) & _ADMIN_UP),
        link=read_line(f"{folder}/operstate"),
        master=_base_of_link(f"{folder}/master"),
        statistics={counter: int(_quiet(f"{folder}/statistics/{counter}") or 0) for counter in _STATISTICS},
    )


def _permanent_mac(folder: str, mac: str) -> str:
    """The address that is burnt in: a bond gives its members its own."""
    if read_line(f"{folder}/type") != _ETHERNET:
        return ""
    in_bond = read_line(f"{folder}/bonding_slave/perm_hwaddr")
    if in_bond:
        return in_bond
    return mac if read_line(f"{folder}/addr_assign_type") == _ASSIGNED_BY_HARDWARE and mac.strip("0:") else ""


def _kind(folder: str, physical: bool) -> str:
    for marker, kind in (("bridge", "bridge"), ("bonding", "bond"), ("wireless", "wireless"), ("tun_flags", "tunnel")):
        if os.path.exists(f"{folder}/{marker}"):  # noqa: PTH110
            return kind
    for line in _quiet(f"{folder}/uevent").splitlines():
        if line.startswith("DEVTYPE="):
            return line.partition("=")[2]
    if read_line(f"{folder}/type") == "772":
        return "loopback"
    return "physical" if physical else "virtual"


def _quiet(path: str) -> str:
    try:
        return read_line(path)
    except OSError:  # a port that is down refuses to tell its speed
        return ""


def _base_of_link(path: str) -> str:
    try:
        return os.readlink(path).rpartition("/")[2]  # noqa: PTH115
    except OSError:
        return ""


def interface_item(interface: Interface, routes: Sequence[str] = ()) -> Item:
    """The item of an interface; whether its link is up is a metric, whether it is switched on an attribute."""
    attributes: dict[str, Any] = {
        "kind": interface.kind,
        "mac": interface.mac,
        "permanent_mac": interface.permanent_mac,
        "mtu": interface.mtu,
        "speed_mbps": interface.speed_mbps,
        "duplex": interface.duplex if interface.duplex != "unknown" else "",
        "driver": interface.driver,
        "enabled": interface.enabled,
        "master": interface.master,
        "routes": list(routes),
    }
    relations = [("part_of", "host", "host")]
    if interface.master:
        relations.append(("member_of", "interface", interface.master))
    return Item(
        class_="interface",
        key=interface.name,
        name=interface.name,
        attributes={name: value for name, value in attributes.items() if value not in ("", None, [])},
        metrics={"link": interface.link, **interface.statistics},
        relations=tuple(relations),
    )


def collect_interfaces(look: Look) -> Iterable[Item]:
    """All interfaces but the host ends of containers' virtual cables, which come and go with them."""
    routes = read_routes()
    return [
        interface_item(interface, routes.get(interface.name, ()))
        for interface in read_interfaces()
        if not interface.name.startswith("veth")
    ]
