"""The host itself: what it is made of as DMI tells it, what it is called, and the keys that identify it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from agent.discovery.collector import Look
from agent.discovery.containment import container_id, own_container
from agent.discovery.disk import read_disks
from agent.discovery.interface import read_interfaces
from agent.discovery.source import CommandFailed, read_line, read_text
from agent.wire import Item

_DMI = Path("/sys/class/dmi/id")
_DMI_ATTRIBUTES = {
    "vendor": "sys_vendor",
    "product": "product_name",
    "product_version": "product_version",
    "board_vendor": "board_vendor",
    "board_product": "board_name",
    "chassis_type": "chassis_type",
    "chassis_asset_tag": "chassis_asset_tag",
    "firmware_vendor": "bios_vendor",
    "firmware_version": "bios_version",
    "firmware_date": "bios_date",
}
_DMI_KEYS = {
    "dmi_uuid": "product_uuid",
    "serial": "product_serial",
    "board_serial": "board_serial",
    "chassis_serial": "chassis_serial",
}
# What a hypervisor calls itself in DMI's vendor or product, as systemd-detect-virt knows them.
_HYPERVISORS = (
    ("KVM", "kvm"), ("Amazon EC2", "amazon"), ("QEMU", "qemu"), ("VMware", "vmware"), ("VMW", "vmware"),
    ("innotek GmbH", "oracle"), ("VirtualBox", "oracle"), ("Xen", "xen"), ("Bochs", "bochs"),
    ("Parallels", "parallels"), ("BHYVE", "bhyve"), ("Hyper-V", "microsoft"),
    ("Microsoft Corporation Virtual", "microsoft"),
    ("Apple Virtualization", "apple"), ("Google Compute Engine", "google"), ("OpenStack", "kvm"),
    ("Firecracker", "amazon"),
)  # fmt: skip
_CHASSIS = {
    "3": "desktop", "4": "desktop", "6": "desktop", "7": "tower", "8": "laptop", "9": "laptop", "10": "laptop",
    "11": "handset", "13": "all-in-one", "14": "laptop", "17": "server", "23": "server", "28": "blade", "29": "blade",
    "30": "tablet", "31": "convertible", "32": "detachable", "1": "virtual or other",
}  # fmt: skip


def virtualisation(dmi: Mapping[str, str], cpu_flags: str, container: str, kernel: str) -> str:
    """What this host runs inside: a container's kind, a hypervisor's name, or `none`."""
    if container:
        return container
    if "microsoft" in kernel.lower():
        return "wsl"
    maker = " ".join(dmi.get(name, "") for name in ("vendor", "product", "board_vendor", "firmware_vendor"))
    for text, name in _HYPERVISORS:
        if text in maker:
            return name
    return "vm-other" if "hypervisor" in cpu_flags.split() else "none"


def fingerprint(public_key: str) -> str:
    """`SHA256:…` of an OpenSSH public key line, as `ssh-keygen -l` prints it; empty for what is no key."""
    fields = public_key.split()
    try:
        blob = base64.b64decode(fields[1], validate=True)
    except (IndexError, binascii.Error):
        return ""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def split_name(hostname: str, hosts: str, resolver: str) -> tuple[str, str]:
    """Name and domain from the host's own name, else from /etc/hosts, else from the resolver's configuration."""
    name, _, domain = hostname.partition(".")
    if domain:
        return name, domain
    for line in hosts.splitlines():
        for word in line.partition("#")[0].split()[1:]:
            if word.startswith(name + ".") and not word.endswith((".localdomain", ".local")):
                return name, word[len(name) + 1 :]
    for line in resolver.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] in ("domain", "search"):
            return name, words[1].rstrip(".")
    return name, ""


def collect_host(look: Look) -> Iterable[Item]:
    """The one host, with every identity key that it has."""
    dmi, keys = _read_dmi(look)
    inside = own_container()
    name, domain = split_name(read_line("/proc/sys/kernel/hostname"), _quiet("/etc/hosts"), _quiet("/etc/resolv.conf"))
    uname = os.uname()
    attributes = {
        **dmi,
        "chassis_type": _CHASSIS.get(dmi.get("chassis_type", ""), ""),
        "domain": domain,
        "architecture": uname.machine,
        "virtualisation": virtualisation(dmi, _cpu_flags(), inside, uname.release),
    }
    keys.update(
        vendor=dmi.get("vendor", ""),
        machine_id=read_line("/etc/machine-id") or read_line("/var/lib/dbus/machine-id"),
        macs=sorted(interface.permanent_mac for interface in read_interfaces() if interface.permanent_mac),
        ssh_host_key=_ssh_host_keys(),
        disk_serials=[] if inside else sorted({disk.serial for disk in read_disks() if disk.serial}),
        name=name,
        domain=domain,
        cloud=_cloud_key(look),
        container=container_id(_quiet("/proc/self/mountinfo")) if inside else "",
    )
    return [
        Item(
            class_="host",
            key="host",
            name=name,
            attributes={attribute: value for attribute, value in attributes.items() if value},
            metrics=_clock_metrics(),
            keys={key: value for key, value in keys.items() if value},
        )
    ]


def _cloud_key(look: Look) -> str:
    try:
        return look.shared.instance.key if look.shared.instance else ""
    except (OSError, CommandFailed) as error:
        look.missed.append(f"cloud instance ({error})")
        return ""


def _read_dmi(look: Look) -> tuple[dict[str, str], dict[str, Any]]:
    attributes = {attribute: read_line(f"{_DMI}/{file}") for attribute, file in _DMI_ATTRIBUTES.items()}
    keys: dict[str, Any] = {}
    denied = []
    for key, file in _DMI_KEYS.items():
        try:
            keys[key] = read_line(f"{_DMI}/{file}")
        except PermissionError:
            denied.append(key)
    if denied:
        look.missed.append(f"DMI {', '.join(denied)}")
    return attributes, keys


def _quiet(path: str) -> str:
    try:
        return read_text(path, 65536)
    except OSError:
        return ""


def _cpu_flags() -> str:
    for line in _quiet("/proc/cpuinfo").splitlines():
        if line.startswith(("flags", "Features")):
            return line.partition(":")[2]
    return ""


def _ssh_host_keys() -> list[str]:
    keys = []
    for path in sorted(Path("/etc/ssh").glob("ssh_host_*_key.pub")):
        keys.append(fingerprint(_quiet(str(path))))
    return [key for key in keys if key]


def _clock_metrics() -> dict[str, Any]:
    metrics: dict[str, Any] = {}
    for line in _quiet("/proc/stat").splitlines():
        if line.startswith("btime "):
            metrics["booted_at_s"] = int(line.split()[1])
    metrics["uptime_s"] = float(read_line("/proc/uptime").split()[0])
    metrics["load_1m"], metrics["load_5m"], metrics["load_15m"] = os.getloadavg()
    return metrics
