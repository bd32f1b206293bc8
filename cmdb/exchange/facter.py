"""Facts of Puppet's facter (4), as `facter --json` prints them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.wire import Item
from cmdb.exchange.host_parts import card_macs, memory_items, os_item, part_item, processor_items
from cmdb.exchange.imported import (
    ImportedHost,
    Unreadable,
    address_items,
    decoded,
    distribution_id,
    fingerprint_of_sshfp,
    host_item,
    imported,
    number,
    pick,
    plain_mac,
    prefix_of,
    text,
)


def read(source: str) -> list[ImportedHost]:
    """The one host of a fact file. Raises `Unreadable`."""
    facts = decoded(source, "facter")
    if not text(facts, "networking", "hostname") or not text(facts, "kernel"):
        raise Unreadable("facter", "no facts networking.hostname and kernel: is this `facter --json`?")
    return [imported(_host(facts), _items(facts))]


def _host(facts: Any) -> Item:
    interfaces = pick(facts, "networking", "interfaces") or {}
    keys = {
        "domain": text(facts, "networking", "domain"),
        "dmi_uuid": text(facts, "dmi", "product", "uuid"),
        "serial": text(facts, "dmi", "product", "serial_number"),
        "board_serial": text(facts, "dmi", "board", "serial_number"),
        "vendor": text(facts, "dmi", "manufacturer"),
        "macs": card_macs((name, text(one, "mac")) for name, one in interfaces.items()),
        "ssh_host_key": sorted(_fingerprints(facts)),
    }
    attributes = {
        "vendor": keys["vendor"],
        "product": text(facts, "dmi", "product", "name"),
        "board_product": text(facts, "dmi", "board", "product"),
        "firmware_vendor": text(facts, "dmi", "bios", "vendor"),
        "firmware_version": text(facts, "dmi", "bios", "version"),
        "firmware_date": text(facts, "dmi", "bios", "release_date"),
        "domain": keys["domain"],
        "architecture": text(facts, "os", "hardware"),
        "virtualisation": {"physical": "none"}.get(text(facts, "virtual"), text(facts, "virtual")),
    }
    return host_item(text(facts, "networking", "hostname"), attributes, keys)


def _fingerprints(facts: Any) -> Iterator[str]:
    for key in (pick(facts, "ssh") or {}).values():
        found = fingerprint_of_sshfp(text(key, "fingerprints", "sha256"))
        if found:
            yield found


def _items(facts: Any) -> Iterator[Item]:
    yield _os(facts)
    yield from _processors(facts)
    yield from memory_items(*(number(facts, "memory", which, "total_bytes") for which in ("system", "swap")))
    for name, disk in (pick(facts, "disks") or {}).items():
        yield part_item("disk", name, _disk(disk))
    for point, mount in (pick(facts, "mountpoints") or {}).items():
        yield _filesystem(point, mount)
    for name, interface in (pick(facts, "networking", "interfaces") or {}).items():
        yield part_item("interface", name, {"mac": plain_mac(text(interface, "mac")), "mtu": number(interface, "mtu")})
        for binding in (*(interface.get("bindings") or ()), *(interface.get("bindings6") or ())):
            yield from address_items(name, text(binding, "address"), prefix_of(text(binding, "netmask")))


def _os(facts: Any) -> Item:
    distro = pick(facts, "os", "distro") or {}
    attributes = {
        "distribution": distribution_id(text(distro, "id") or text(facts, "os", "name")),
        "version": text(facts, "os", "release", "major") or text(facts, "os", "release", "full"),
        "codename": text(distro, "codename"),
        "kernel": text(facts, "kernelrelease"),
        "kernel_name": text(facts, "kernel"),
        "architecture": text(facts, "os", "hardware"),
    }
    name = text(distro, "description") or f"{text(facts, 'os', 'name')} {attributes['version']}"
    return os_item(name, attributes)


def _processors(facts: Any) -> Iterator[Item]:
    models = pick(facts, "processors", "models") or []
    sockets = number(facts, "processors", "physicalcount") or 1
    threads = (number(facts, "processors", "count") or len(models)) // sockets
    attributes = {"cores": number(facts, "processors", "cores"), "threads": threads}
    yield from processor_items(str(models[0]) if models else "", sockets, attributes)


def _disk(disk: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "size_bytes": number(disk, "size_bytes"),
        "model": text(disk, "model"),
        "vendor": text(disk, "vendor"),
        "serial": text(disk, "serial_number") or text(disk, "serial"),
        "wwn": text(disk, "wwn"),
    }


def _filesystem(point: str, mount: Mapping[str, Any]) -> Item:
    options = mount.get("options")
    attributes = {
        "device": text(mount, "device"),
        "type": text(mount, "filesystem"),
        "options": ",".join(map(str, options)) if isinstance(options, list) else "",
        "size_bytes": number(mount, "size_bytes"),
    }
    metrics = {"used_bytes": number(mount, "used_bytes"), "available_bytes": number(mount, "available_bytes")}
    return part_item("filesystem", point, attributes, metrics)
