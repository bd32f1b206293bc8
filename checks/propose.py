"""The checks that a discovered configuration item gets without anybody asking. Pure; rules may tune or refuse them.

They must not cry wolf on a fresh machine: what is full or short-lived by nature is left alone, and only what
somebody would get up for is critical.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, Callable, Optional

import msgspec

from checks.definition import Definition, Threshold

CiBody = Mapping[str, Any]


class Timing(msgspec.Struct, frozen=True):
    """How often a default check runs."""

    interval_s: float
    retry_s: float
    max_attempts: int = 3
    timeout_s: float = 10.0


# By the check's name, which is the last part of its id.
TIMINGS = {
    "heartbeat": Timing(10, 10, 3),
    "load": Timing(30, 15),
    "memory": Timing(30, 15),
    "swap": Timing(60, 30),
    "clock": Timing(300, 60),
    "usage": Timing(60, 30, timeout_s=15),
    "reachable": Timing(10, 3, timeout_s=5),
    "http": Timing(30, 3),
    "greeting": Timing(60, 5),  # an ssh server logs each visit
    "ready": Timing(30, 5),
    "certificate": Timing(3600, 300),
    "state": Timing(30, 10),
}
THRESHOLDS = {
    "load": {"load5_per_cpu": Threshold("4", "10")},
    "memory": {"used_percent": Threshold("90", "97")},
    "swap": {"used_percent": Threshold("90")},
    "clock": {"offset_ms": Threshold("500")},
    "usage": {"used_percent": Threshold("90", "95"), "inodes_percent": Threshold("90", "95")},
    "certificate": {"days_left": Threshold("14:", "3:")},
}
LARGE_THRESHOLDS = {**THRESHOLDS["usage"], "used_percent": Threshold("95", "98")}

LARGE_BYTES = 1024**4
TINY_BYTES = 16 * 1024**2
FULL_BY_NATURE = {"squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"}
EPHEMERAL_PORTS = range(32768, 61000)  # Linux's default; what listens there is rarely meant to be found again
CONTAINERS = {"docker", "podman", "lxc", "container", "openvz", "systemd-nspawn", "wsl"}  # their clock is their host's
UNIT_TYPES = {"service", "socket", "timer", "mount"}
# What is asked in its own protocol: the check's name and the probe's type. What is not here is connected to.
SPOKEN = {
    "ssh": ("greeting", "ssh"),
    "smtp": ("greeting", "smtp"),
    "imap": ("greeting", "imap"),
    "pop3": ("greeting", "pop3"),
    "postgresql": ("ready", "postgres"),
    "mysql": ("ready", "mysql"),
    "redis": ("ready", "redis"),
}


def propose(ci: CiBody) -> list[Definition]:
    """The default checks of a CI, given as a body with `id`, `class`, `key` and `attributes`."""
    proposals = _PROPOSALS.get(str(ci.get("class")))
    return list(proposals(ci)) if proposals is not None else []


def _host(ci: CiBody) -> Iterator[Definition]:
    for name in ("load", "memory", "swap"):
        yield _default(ci, name, name, {})
    if ci["attributes"].get("virtualisation") not in CONTAINERS:
        yield _default(ci, "clock", "clock", {})
    yield _default(ci, "heartbeat", "heartbeat", {})


def _filesystem(ci: CiBody) -> Iterator[Definition]:
    attributes = ci["attributes"]
    size_bytes = attributes.get("size_bytes")
    tiny = isinstance(size_bytes, (int, float)) and size_bytes < TINY_BYTES
    read_only = "ro" in str(attributes.get("options", "")).split(",")
    if tiny or read_only or attributes.get("type") in FULL_BY_NATURE:
        return
    large = isinstance(size_bytes, (int, float)) and size_bytes >= LARGE_BYTES
    thresholds = LARGE_THRESHOLDS if large else THRESHOLDS["usage"]
    yield _default(ci, "usage", "filesystem", {"path": ci["key"], "mounted": True}, thresholds)


def _endpoint(ci: CiBody) -> Iterator[Definition]:
    place = endpoint_address(ci)
    if place is None:
        return
    host, port = place
    protocol = str(ci["attributes"].get("protocol") or "unknown")
    if protocol == "unknown" and port in EPHEMERAL_PORTS:
        return
    there = {"host": host, "port": port}
    if protocol == "mysql" and not _is_loopback(host):
        return  # it blocks who comes from elsewhere too often without a login (max_connect_errors)
    name, type_ = SPOKEN.get(protocol, ("reachable", "tcp"))
    yield _default(ci, name, type_, there)
    if protocol in {"http", "https"}:
        # Who asks by address gets any site or none: an answer is what counts, and no certificate can fit.
        url = f"{protocol}://{f'[{host}]' if ':' in host else host}:{port}/"
        yield _default(ci, "http", "http", {"url": url, "status": "100-499", "verify": False})
    if protocol in {"https", "tls"}:
        yield _default(ci, "certificate", "tls", {**there, "verify": False})


def _unit(ci: CiBody) -> Iterator[Definition]:
    attributes = ci["attributes"]
    kind = str(attributes.get("type") or str(ci["key"]).rpartition(".")[2])
    if kind in UNIT_TYPES and attributes.get("loaded", "loaded") == "loaded" and attributes.get("enabled") != "masked":
        yield _default(ci, "state", "unit", {"unit": ci["key"]})


_PROPOSALS: dict[str, Callable[[CiBody], Iterator[Definition]]] = {
    "host": _host,
    "filesystem": _filesystem,
    "endpoint": _endpoint,
    "unit": _unit,
}


def _default(
    ci: CiBody, name: str, type_: str, params: dict[str, Any], thresholds: Optional[Mapping[str, Threshold]] = None
) -> Definition:
    timing = TIMINGS[name]
    return Definition(
        id=f"{ci['id']}/{name}",
        ci=ci["id"],
        type=type_,
        params=params,
        thresholds=dict(thresholds or THRESHOLDS.get(name, {})),
        interval_s=timing.interval_s,
        retry_s=timing.retry_s,
        timeout_s=timing.timeout_s,
        max_attempts=timing.max_attempts,
    )


def endpoint_address(ci: CiBody) -> Optional[tuple[str, int]]:
    """Where an agent on the endpoint's host reaches it; None for UDP and for another network namespace."""
    attributes = ci["attributes"]
    transport, _, rest = str(ci["key"]).partition("/")
    if transport != "tcp" or "@" in rest or attributes.get("namespace"):
        return None
    host, _, port = rest.rpartition(":")
    host = str(attributes.get("address") or host.strip("[]"))
    number = attributes.get("port") or port
    if not str(number).isdecimal() or not 0 < int(number) < 65536:
        return None
    return _reachable(host), int(number)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _reachable(host: str) -> str:
    """A wildcard address stands for every address of the host: its loopback is the one that is always there."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "127.0.0.1" if host in {"", "*"} else host
    if not address.is_unspecified:
        return host
    return "::1" if address.version == 6 else "127.0.0.1"
