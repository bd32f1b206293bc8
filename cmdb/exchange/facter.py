"""Facts of Puppet's facter (4), as `facter --json` prints them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.wire import Item
from cmdb.exchange.imported import (
    OF_HOST,
    ImportedHost,
    Unreadable,
    address_items,
    decoded,
    distribution_id,
    filled,
    fingerprint_of_sshfp,
    host_item,
    imported,
    is_physical,
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
        "macs": sorted({plain_mac(text(one, "mac")) for name, one in interfaces.items() if is_physical(name)} - {""}),
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
    for key, name in (("system", "main memory"), ("swap", "swap")):
        size_bytes = number(facts, "memory", key, "total_bytes")
        if size_bytes:
            class_key = "memory" if key == "system" else key
            yield Item("memory", class_key, name, {"size_bytes": size_bytes}, relations=OF_HOST)
    for name, disk in (pick(facts, "disks") or {}).items():
        yield Item("disk", name, name, _disk(disk), relations=OF_HOST)
    for point, mount in (pick(facts, "mountpoints") or {}).items():
        yield _filesystem(point, mount)
    for name, interface in (pick(facts, "networking", "interfaces") or {}).items():
        attributes = filled({"mac": plain_mac(text(interface, "mac")), "mtu": number(interface, "mtu")})
        yield Item("interface", name, name, attributes, relations=OF_HOST)
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
    return Item("os", "os", name, filled(attributes), relations=(("runs_on", "host", "host"),))


def _processors(facts: Any) -> Iterator[Item]:
    models = pick(facts, "processors", "models") or []
    sockets = number(facts, "processors", "physicalcount") or 1
    threads = (number(facts, "processors", "count") or len(models)) // sockets
    attributes = filled({"cores": number(facts, "processors", "cores"), "threads": threads})
    for number_of in range(min(sockets, 64) if models else 0):
        yield Item("cpu", str(number_of), str(models[0]), attributes, relations=OF_HOST)


def _disk(disk: Mapping[str, Any]) -> dict[str, Any]:
    return filled(
        {
            "size_bytes": number(disk, "size_bytes"),
            "model": text(disk, "model"),
            "vendor": text(disk, "vendor"),
            "serial": text(disk, "serial_number") or text(disk, "serial"),
            "wwn": text(disk, "wwn"),
        }
    )


def _filesystem(point: str, mount: Mapping[str, Any]) -> Item:
    options = mount.get("options")
    attributes = {
        "device": text(mount, "device"),
        "type": text(mount, "filesystem"),
        "options": ",".join(map(str, options)) if isinstance(options, list) else "",
        "size_bytes": number(mount, "size_bytes"),
    }
    metrics = filled({"used_bytes": number(mount, "used_bytes"), "available_bytes": number(mount, "available_bytes")})
    return Item("filesystem", point, point, filled(attributes), metrics, relations=OF_HOST)
