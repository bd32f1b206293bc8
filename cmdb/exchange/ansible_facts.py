"""Facts of Ansible's setup module: one host's JSON, a fact cache, or what `ansible -m setup` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agent.discovery.host import fingerprint
from agent.wire import Item
from cmdb.exchange.host_parts import card_macs, memory_items, os_item, part_item, processor_items
from cmdb.exchange.imported import (
    ImportedHost,
    Unreadable,
    address_items,
    decoded,
    distribution_id,
    filled,
    host_item,
    imported,
    number,
    pick,
    plain_mac,
    text,
)

_AD_HOC = re.compile(r"^\S+ \| \w+!? => ", re.MULTILINE)
_MIB = 1024 * 1024


def read(source: str) -> list[ImportedHost]:
    """Every host of the file. Raises `Unreadable`."""
    documents = [decoded(part, "ansible") for part in _AD_HOC.split(source) if part.strip()]
    hosts = []
    for document in documents:
        facts = pick(document, "ansible_facts") or document
        if not text(facts, "ansible_hostname"):
            raise Unreadable("ansible", "no fact ansible_hostname: is this what the setup module gathered?")
        hosts.append(imported(_host(facts), _items(facts)))
    if not hosts:
        raise Unreadable("ansible", "no facts")
    return hosts


def _interfaces(facts: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in pick(facts, "ansible_interfaces") or []:
        # Ansible writes what no variable's name may hold as an underscore.
        interface = pick(facts, f"ansible_{re.sub(r'[^A-Za-z0-9_]', '_', str(name))}")
        if isinstance(interface, Mapping):
            yield text(interface, "device") or str(name), interface


def _host(facts: Any) -> Item:
    keys = {
        "domain": text(facts, "ansible_domain"),
        "dmi_uuid": text(facts, "ansible_product_uuid"),
        "serial": text(facts, "ansible_product_serial"),
        "board_serial": text(facts, "ansible_board_serial"),
        "chassis_serial": text(facts, "ansible_chassis_serial"),
        "vendor": text(facts, "ansible_system_vendor"),
        "machine_id": text(facts, "ansible_machine_id"),
        "macs": card_macs(
            (name, text(one, "perm_macaddress") or text(one, "macaddress")) for name, one in _interfaces(facts)
        ),
        "ssh_host_key": sorted(_fingerprints(facts)),
    }
    attributes = {
        "vendor": keys["vendor"],
        "product": text(facts, "ansible_product_name"),
        "product_version": text(facts, "ansible_product_version"),
        "board_vendor": text(facts, "ansible_board_vendor"),
        "board_product": text(facts, "ansible_board_name"),
        "firmware_vendor": text(facts, "ansible_bios_vendor"),
        "firmware_version": text(facts, "ansible_bios_version"),
        "firmware_date": text(facts, "ansible_bios_date"),
        "domain": keys["domain"],
        "architecture": text(facts, "ansible_architecture"),
    }
    return host_item(text(facts, "ansible_hostname"), attributes, keys)


def _fingerprints(facts: Mapping[str, Any]) -> Iterator[str]:
    for name, value in facts.items():
        if re.fullmatch(r"ansible_ssh_host_key_\w+_public", name):
            found = fingerprint(f"key {value}")
            if found:
                yield found


def _items(facts: Any) -> Iterator[Item]:
    yield _os(facts)
    yield from _processors(facts)
    main_mib, swap_mib = (number(facts, f"ansible_{which}total_mb") for which in ("mem", "swap"))
    yield from memory_items((main_mib or 0) * _MIB, (swap_mib or 0) * _MIB)
    for name, device in (pick(facts, "ansible_devices") or {}).items():
        yield from _disks(name, device)
    for mount in pick(facts, "ansible_mounts") or []:
        yield _filesystem(mount)
    for name, interface in _interfaces(facts):
        attributes = {
            "mac": plain_mac(text(interface, "macaddress")),
            "mtu": number(interface, "mtu"),
            "driver": text(interface, "module"),
        }
        yield part_item("interface", name, attributes)
        first = [interface["ipv4"]] if isinstance(interface.get("ipv4"), Mapping) else []
        for one in (*first, *(interface.get("ipv4_secondaries") or ()), *(interface.get("ipv6") or ())):
            yield from address_items(name, text(one, "address"), number(one, "prefix"))
    yield from _packages(facts)


def _os(facts: Any) -> Item:
    attributes = {
        "distribution": distribution_id(text(facts, "ansible_distribution")),
        "version": text(facts, "ansible_distribution_major_version"),
        "codename": text(facts, "ansible_distribution_release"),
        "kernel": text(facts, "ansible_kernel"),
        "kernel_name": text(facts, "ansible_system"),
        "architecture": text(facts, "ansible_architecture"),
        "init": text(facts, "ansible_service_mgr"),
    }
    name = f"{text(facts, 'ansible_distribution')} {text(facts, 'ansible_distribution_version')}".strip()
    return os_item(name, attributes)


def _processors(facts: Any) -> Iterator[Item]:
    """`ansible_processor` is a flat list of number, vendor and model by turns; on some platforms models alone."""
    words = [str(word) for word in pick(facts, "ansible_processor") or []]
    models = words[2::3] if words and words[0].isdigit() else words
    sockets = number(facts, "ansible_processor_count") or 1
    threads = number(facts, "ansible_processor_vcpus")
    attributes = {
        "cores": number(facts, "ansible_processor_cores"),
        "threads": threads // sockets if threads else None,
        "vendor": words[1] if models and models is not words else "",
    }
    yield from processor_items(models[0] if models else "", sockets, attributes)


def _disks(name: str, device: Mapping[str, Any]) -> Iterator[Item]:
    sectors = number(device, "sectors")
    if not sectors or name.startswith(("loop", "ram", "zram")):
        return
    attributes = {
        "size_bytes": sectors * 512,
        "model": text(device, "model"),
        "vendor": text(device, "vendor"),
        "serial": text(device, "serial"),
        "wwn": text(device, "wwn"),
    }
    yield part_item("disk", name, attributes)


def _filesystem(mount: Mapping[str, Any]) -> Item:
    point = text(mount, "mount")
    attributes = {
        "device": text(mount, "device"),
        "type": text(mount, "fstype"),
        "options": text(mount, "options"),
        "size_bytes": number(mount, "size_total"),
    }
    metrics = {"available_bytes": number(mount, "size_available"), "inodes": number(mount, "inode_total")}
    return part_item("filesystem", point, attributes, metrics)


def _packages(facts: Any) -> Iterator[Item]:
    """What the module `package_facts` adds."""
    for name, versions in (pick(facts, "packages") or pick(facts, "ansible_packages") or {}).items():
        for package in versions if isinstance(versions, list) else []:
            manager = {"apt": "dpkg", "rpm": "rpm", "apk": "apk"}.get(text(package, "source"), text(package, "source"))
            version = text(package, "version")
            if manager == "rpm" and text(package, "release"):
                version = f"{version}-{text(package, 'release')}"
            arch = text(package, "arch")
            attributes = filled({"manager": manager, "version": version, "architecture": arch})
            relations = (("installed_on", "host", "host"),)
            yield Item("package", f"{manager}/{name}:{arch}", str(name), attributes, relations=relations)
