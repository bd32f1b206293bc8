"""A host as a GLPI inventory document, valid against its published schema."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from checks import __version__
from cmdb.exchange.glpi import COMPUTER, DISK, MANAGERS, MB, MIB
from cmdb.exchange.hosts import HostDocuments

Ci = Mapping[str, Any]
_ORIGINS = {manager: origin for origin, manager in MANAGERS.items()}

_KINDS = {"physical": "ethernet", "wireless": "wifi", "bond": "aggregate", "bridge": "bridge", "loopback": "loopback"}
_NETWORK_TYPES = re.compile(
    r"^(ethernet|wifi|infiniband|aggregate|alias|dialup|loopback|bridge|fibrechannel|bluetooth)$"
)
_LINKS = re.compile(r"^(up|down|dormant|notpresent|lowerlayerdown|unknown|testing)$")
_STATES = {"running": "running", "shut off": "off", "off": "off", "paused": "paused", "crashed": "crashed"}
_DATE = re.compile(r"^(\d\d)/(\d\d)/(\d{4})$")


def write(host: HostDocuments) -> dict[str, Any]:
    """The inventory of a host."""
    attributes = host.host["attributes"]
    content: dict[str, Any] = {
        name.removeprefix("glpi_"): value
        for name, value in attributes.items()
        if name.startswith("glpi_") and name not in ("glpi_deviceid", "glpi_tag", "glpi_hardware", "glpi_bios")
        if value
    }
    content |= {"versionclient": f"Watchdeck-{__version__}", "hardware": _hardware(host)}
    item_type = attributes.get("item_type") or COMPUTER
    if item_type == COMPUTER or "glpi_bios" in attributes:
        content["bios"] = _bios(host)
    for system in host.of("os"):
        content["operatingsystem"] = _system(host, system)
    for section, class_, entry_of in _SECTIONS:
        entries = [_plain(entry_of(ci) | (ci["attributes"].get("glpi") or {})) for ci in host.of(class_)]
        if entries:
            content[section] = entries
    has_ports = item_type in ("NetworkEquipment", "Printer")
    networks = _network_ports(host) if has_ports else _networks(host)
    if networks:
        content["network_ports" if has_ports else "networks"] = networks
    document = {
        "action": "inventory",
        "deviceid": attributes.get("glpi_deviceid") or host.host["id"],
        "itemtype": item_type,
        "content": content,
    }
    return document | ({"tag": attributes["glpi_tag"]} if attributes.get("glpi_tag") else {})


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if value not in (None, "", [], {})}


def _mib(size_bytes: Any, unit: int = MIB) -> int | None:
    return int(size_bytes) // unit if isinstance(size_bytes, (int, float)) else None


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _hardware(host: HostDocuments) -> dict[str, Any]:
    sizes = {ci["key"]: _mib(ci["attributes"].get("size_bytes")) for ci in host.of("memory")}
    virtualisation = host.host["attributes"].get("virtualisation", "")
    own = {
        "name": host.host["name"],
        "uuid": _text(host.host["keys"].get("dmi_uuid")),
        "memory": sizes.get("memory"),
        "swap": sizes.get("swap"),
        "chassis_type": _text(host.host["attributes"].get("chassis_type", "").title()),
        "vmsystem": {"none": "Physical"}.get(virtualisation, virtualisation or None),
    }
    return _plain(own | (host.host["attributes"].get("glpi_hardware") or {}))


def _bios(host: HostDocuments) -> dict[str, Any]:
    attributes, keys = host.host["attributes"], host.host["keys"]
    dated = _DATE.match(str(attributes.get("firmware_date", "")))
    own = {
        "smanufacturer": attributes.get("vendor"),
        "smodel": attributes.get("product"),
        "ssn": keys.get("serial"),
        "mmanufacturer": attributes.get("board_vendor"),
        "mmodel": attributes.get("board_product"),
        "msn": keys.get("board_serial"),
        "bmanufacturer": attributes.get("firmware_vendor"),
        "bversion": attributes.get("firmware_version"),
        "bdate": "{2}-{0}-{1}".format(*dated.groups()) if dated else None,  # DMI writes month, day, year
    }
    return _plain(own | (attributes.get("glpi_bios") or {}))


def _system(host: HostDocuments, system: Ci) -> dict[str, Any]:
    attributes = system["attributes"]
    own = {
        "name": attributes.get("distribution"),
        "full_name": system["name"],
        "version": attributes.get("version"),
        "kernel_name": _text(str(attributes.get("kernel_name", "")).lower()),
        "kernel_version": attributes.get("kernel"),
        "arch": attributes.get("architecture"),
        "dns_domain": host.host["keys"].get("domain"),
        "boot_time": system["metrics"].get("boot_time"),
    }
    return _plain(own | (attributes.get("glpi") or {}))


def _cpu(ci: Ci) -> dict[str, Any]:
    attributes = ci["attributes"]
    stepping = str(attributes.get("stepping", ""))
    return {
        "name": ci["name"],
        "manufacturer": attributes.get("vendor"),
        "familynumber": _text(attributes.get("family")),
        "model": _text(attributes.get("model")),
        "stepping": int(stepping) if stepping.isdigit() else None,
        "core": attributes.get("cores"),
        "thread": attributes.get("threads"),
        "speed": attributes.get("max_mhz"),
    }


def _drive(ci: Ci) -> dict[str, Any]:
    attributes = ci["attributes"]
    return {
        "type": ci["key"],
        "volumn": attributes.get("device"),
        "filesystem": attributes.get("type"),
        "total": _mib(attributes.get("size_bytes")),
        "free": _mib(ci["metrics"].get("available_bytes")),
    }


def _storage(ci: Ci) -> dict[str, Any]:
    attributes = ci["attributes"]
    return {
        "name": ci["key"],
        "type": DISK,
        "disksize": _mib(attributes.get("size_bytes"), MB),
        "model": attributes.get("model"),
        "manufacturer": attributes.get("vendor"),
        "serial": attributes.get("serial"),
        "wwn": attributes.get("wwn"),
        "firmware": attributes.get("revision"),
    }


def _software(ci: Ci) -> dict[str, Any]:
    attributes = ci["attributes"]
    manager = attributes.get("manager", "")
    return {
        "name": ci["name"],
        "from": _ORIGINS.get(manager, manager),
        "version": attributes.get("version"),
        "arch": attributes.get("architecture"),
        "comments": attributes.get("summary"),
        "publisher": attributes.get("vendor"),
        "system_category": attributes.get("section"),
    }


def _account(ci: Ci) -> dict[str, Any]:
    attributes = ci["attributes"]
    return {
        "login": ci["key"],
        "id": str(attributes.get("uid", ci["key"])),
        "name": attributes.get("full_name"),
        "home": attributes.get("home"),
        "shell": attributes.get("shell"),
    }


def _machine(ci: Ci) -> dict[str, Any]:
    attributes = ci["attributes"]
    return {
        "name": ci["name"],
        "uuid": ci["keys"].get("dmi_uuid"),
        "vmtype": attributes.get("hypervisor"),
        "memory": _mib(attributes.get("memory_bytes")),
        "vcpu": attributes.get("vcpus"),
        "status": _STATES.get(str(ci["metrics"].get("state"))),
    }


def _database(ci: Ci) -> dict[str, Any]:
    attributes = ci["attributes"]
    return {
        "name": ci["name"],
        "type": attributes.get("engine"),
        "version": attributes.get("version") or "unknown",
        "port": attributes.get("port"),
        "path": attributes.get("data_directory"),
        "size": _mib(ci["metrics"].get("size_bytes")),
        "is_active": ci["metrics"].get("is_active"),
        "databases": [{"name": name} for name in attributes.get("databases", ())],
    }


_SECTIONS: Iterable[tuple[str, str, Callable[[Ci], dict[str, Any]]]] = (
    ("cpus", "cpu", _cpu),
    ("drives", "filesystem", _drive),
    ("storages", "disk", _storage),
    ("softwares", "package", _software),
    ("local_users", "account", _account),
    ("virtualmachines", "virtual_machine", _machine),
    ("databases_services", "database", _database),
)


def _networks(host: HostDocuments) -> list[dict[str, Any]]:
    """One entry an address, and one for each interface without any."""
    addresses: dict[str, list[Ci]] = {}
    for ci in host.of("address"):
        addresses.setdefault(str(ci["attributes"].get("interface")), []).append(ci)
    entries = []
    for interface in host.of("interface"):
        entry = _interface(interface)
        own = addresses.get(interface["key"], [])
        entries += [_plain(entry | _address(address["attributes"])) for address in own] or [_plain(entry)]
    return entries


def _network_ports(host: HostDocuments) -> list[dict[str, Any]]:
    """The ports of network equipment, each with all of its addresses."""
    addresses: dict[str, list[str]] = {}
    for ci in host.of("address"):
        addresses.setdefault(str(ci["attributes"].get("interface")), []).append(ci["attributes"]["address"])
    return [_plain(_port(ci) | {"ips": addresses.get(ci["key"])}) for ci in host.of("interface")]


def _port(ci: Ci) -> dict[str, Any]:
    attributes = ci["attributes"]
    counters = {name: value for name, value in ci["metrics"].items() if name.startswith("if")}
    own = {"ifname": ci["name"], "mac": attributes.get("mac"), "ifmtu": attributes.get("mtu")}
    return own | (attributes.get("glpi") or {}) | counters


def _interface(ci: Ci) -> dict[str, Any]:
    attributes = ci["attributes"]
    kind = str(attributes.get("kind", ""))
    kind = _KINDS.get(kind, kind)
    link = str(ci["metrics"].get("link", ""))
    own = {
        "description": ci["key"],
        "mac": attributes.get("mac"),
        "mtu": attributes.get("mtu"),
        "speed": _text(attributes.get("speed_mbps")),
        "driver": attributes.get("driver"),
        "type": kind if _NETWORK_TYPES.match(kind) else None,
        "status": link if _LINKS.match(link) else None,
        "virtualdev": True if kind in ("virtual", "tunnel", "loopback", "bridge") else None,
    }
    return own | (attributes.get("glpi") or {})


def _address(attributes: Mapping[str, Any]) -> dict[str, Any]:
    bits, said = int(attributes.get("prefix", 0)), attributes.get("glpi") or {}
    if attributes.get("version") == 6:
        return {"ipaddress6": attributes["address"], "ipmask6": _mask(bits, 128)} | said
    return {"ipaddress": attributes["address"], "ipmask": _mask(bits, 32)} | said


def _mask(prefix: int, width: int) -> str:
    mask = ((1 << prefix) - 1) << (width - prefix)
    return str(ipaddress.IPv6Address(mask) if width == 128 else ipaddress.IPv4Address(mask))
