"""What psutil tells on systems that are not Linux (macOS, Windows, the BSDs). `docs/discovery.md` says what lacks."""

from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Iterable
from typing import Any

import psutil

from agent.discovery.collector import Look
from agent.discovery.filesystem import Mount, Usage, filesystem_item
from agent.discovery.memory import memory_items
from agent.discovery.secrets import mask_command
from agent.wire import Item

_OF_HOST = (("part_of", "host", "host"),)


def collect_host(look: Look) -> Iterable[Item]:
    """The host by its name and its permanent-looking MACs."""
    name, _, domain = platform.node().partition(".")
    macs = sorted({address.address.lower().replace("-", ":") for address in _link_addresses()})
    keys = {"name": name, "domain": domain, "macs": macs}
    return [
        Item(
            class_="host",
            key="host",
            name=name,
            attributes={"architecture": platform.machine(), "domain": domain},
            metrics={"booted_at_s": int(psutil.boot_time())},
            keys={key: value for key, value in keys.items() if value},
        )
    ]


def _link_addresses() -> Iterable[Any]:
    for addresses in psutil.net_if_addrs().values():
        for address in addresses:
            if address.family == psutil.AF_LINK and address.address.strip("0:-"):
                yield address


def collect_os(look: Look) -> Iterable[Item]:
    """The operating system by its own name and version."""
    version = platform.mac_ver()[0] or platform.release()
    return [
        Item(
            class_="os",
            key="os",
            name=f"{'macOS' if sys.platform == 'darwin' else platform.system()} {version}",
            attributes={
                "distribution": {"darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform),
                "version": version,
                "kernel": platform.release(),
                "kernel_version": platform.version(),
                "architecture": platform.machine(),
            },
            relations=(("runs_on", "host", "host"),),
        )
    ]


def collect_cpus(look: Look) -> Iterable[Item]:
    """The processors, counted together."""
    attributes = {"cores": psutil.cpu_count(logical=False), "threads": psutil.cpu_count()}
    return [Item("cpu", "0", platform.processor() or "processor", attributes, relations=_OF_HOST)]


def collect_memory(look: Look) -> Iterable[Item]:
    """Main memory and swap."""
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    meminfo = {
        "MemTotal": memory.total,
        "MemAvailable": memory.available,
        "SwapTotal": swap.total,
        "SwapFree": swap.free,
    }
    return memory_items(meminfo, ())


def collect_filesystems(look: Look) -> Iterable[Item]:
    """Mounted file systems of real devices."""
    items = []
    for partition in psutil.disk_partitions(all=False):
        try:
            usage = psutil.disk_usage(partition.mountpoint)
        except OSError as error:  # a drive without a disk
            look.notes.append(f"{partition.mountpoint} ({error.strerror})")
            continue
        mount = Mount("", "/", partition.mountpoint, partition.opts, partition.fstype, partition.device)
        items.append(filesystem_item(mount, Usage(usage.total, usage.used, usage.free, 0, 0), None))
    return items


def collect_interfaces(look: Look) -> Iterable[Item]:
    """All interfaces with their MAC and whether their link is up."""
    macs = {
        name: address.address.lower().replace("-", ":")
        for name, addresses in psutil.net_if_addrs().items()
        for address in addresses
        if address.family == psutil.AF_LINK
    }
    return [
        Item(
            class_="interface",
            key=name,
            name=name,
            attributes={"mac": macs.get(name, ""), "mtu": stats.mtu, "speed_mbps": stats.speed or None},
            metrics={"link": "up" if stats.isup else "down"},
            relations=_OF_HOST,
        )
        for name, stats in psutil.net_if_stats().items()
    ]


def collect_addresses(look: Look) -> Iterable[Item]:
    """All IP addresses."""
    items = []
    for name, addresses in psutil.net_if_addrs().items():
        for address in addresses:
            if address.family in (socket.AF_INET, socket.AF_INET6):
                plain = address.address.partition("%")[0]
                prefix = _prefix(address.netmask or "")
                attributes = {
                    "interface": name,
                    "address": plain,
                    "prefix": prefix,
                    "version": 4 if address.family == socket.AF_INET else 6,
                }
                key = f"{name}/{plain}/{prefix}"
                items.append(Item("address", key, plain, attributes, relations=(("part_of", "interface", name),)))
    return items


def _prefix(netmask: str) -> int:
    if not netmask:
        return 0
    family = socket.AF_INET6 if ":" in netmask else socket.AF_INET
    return bin(int.from_bytes(socket.inet_pton(family, netmask), "big")).count("1")


def _listening() -> list[tuple[str, int, str, int]]:
    """Key, pid, address and port of each listening TCP socket. macOS shows root alone those of others."""
    found = {}
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr:
            address, port = connection.laddr.ip, connection.laddr.port
            key = f"tcp/[{address}]:{port}" if ":" in address else f"tcp/{address}:{port}"
            found[key] = (key, connection.pid or 0, address, port)
    return list(found.values())


def collect_endpoints(look: Look) -> Iterable[Item]:
    """All listening TCP sockets."""
    try:
        listening = _listening()
    except psutil.AccessDenied:
        raise PermissionError("sockets of other users") from None
    return [
        Item(
            class_="endpoint",
            key=key,
            name=key,
            attributes={"transport": "tcp", "address": address, "port": port},
            metrics={"pid": pid},
            relations=_OF_HOST,
        )
        for key, pid, address, port in listening
    ]


def collect_software(look: Look) -> Iterable[Item]:
    """The programs that listen, by their name."""
    try:
        listening = _listening()
    except psutil.AccessDenied:
        raise PermissionError("sockets of other users") from None
    endpoints: dict[str, list[str]] = {}
    processes: dict[str, Any] = {}
    for key, pid, _, _ in listening:
        try:
            process = psutil.Process(pid)
            name = os.path.basename(process.name())  # noqa: PTH119
            facts = {"command": mask_command(process.cmdline()), "user": process.username(), "exe": process.exe()}
        except psutil.Error:
            look.notes.append(f"{key} belongs to a process that hides")
            continue
        endpoints.setdefault(name, []).append(key)
        processes.setdefault(name, facts)
    return [
        Item(
            class_="software",
            key=name,
            name=name,
            attributes={"kind": "group", **facts},
            relations=(
                ("runs_on", "host", "host"),
                *(("listens_on", "endpoint", key) for key in sorted(endpoints[name])),
            ),
        )
        for name, facts in processes.items()
    ]
