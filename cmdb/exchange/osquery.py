"""osquery's results: one JSON object of tables by their names, each a list of rows as `osqueryi --json` prints them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from agent.discovery.purl import purl
from agent.wire import Item
from cmdb.exchange.imported import (
    INSTALLED,
    OF_HOST,
    ImportedHost,
    Unreadable,
    address_items,
    decoded,
    filled,
    host_item,
    imported,
    is_physical,
    mappings,
    number,
    pick,
    plain_mac,
    prefix_of,
    text,
)

Row = Mapping[str, Any]


def read(source: str) -> list[ImportedHost]:
    """The one host of the tables. Raises `Unreadable`."""
    tables = decoded(source, "osquery")
    system = next(mappings(pick(tables, "system_info") or []), None)
    if system is None or not text(system, "hostname"):
        raise Unreadable("osquery", 'no row of system_info with a hostname: expected {"system_info": [{…}], …}')
    items = [
        item
        for table, item_of in _TABLES.items()
        for row in mappings(pick(tables, table) or [])
        for item in item_of(row)
    ]
    return [imported(_host(tables, system), [*items, *_of_system(system)])]


def _host(tables: Any, system: Row) -> Item:
    name, _, domain = text(system, "hostname").partition(".")
    details = mappings(pick(tables, "interface_details") or [])
    keys = {
        "domain": domain,
        "dmi_uuid": text(system, "uuid"),
        "serial": text(system, "hardware_serial"),
        "board_serial": text(system, "board_serial"),
        "vendor": text(system, "hardware_vendor"),
        "macs": sorted({plain_mac(text(row, "mac")) for row in details if is_physical(text(row, "interface"))} - {""}),
    }
    attributes = {
        "vendor": keys["vendor"],
        "product": text(system, "hardware_model"),
        "product_version": text(system, "hardware_version"),
        "board_vendor": text(system, "board_vendor"),
        "board_product": text(system, "board_model"),
        "architecture": text(system, "cpu_type"),
        "domain": domain,
    }
    return host_item(name, attributes, keys)


def _of_system(system: Row) -> Iterator[Item]:
    memory = number(system, "physical_memory")
    if memory:
        yield Item("memory", "memory", "main memory", {"size_bytes": memory}, relations=OF_HOST)
    sockets = number(system, "cpu_sockets") or 1
    cores, threads = number(system, "cpu_physical_cores"), number(system, "cpu_logical_cores")
    attributes = filled(
        {"cores": cores // sockets if cores else None, "threads": threads // sockets if threads else None}
    )
    for socket in range(min(sockets, 64) if text(system, "cpu_brand") else 0):
        yield Item("cpu", str(socket), text(system, "cpu_brand"), attributes, relations=OF_HOST)


def _os(row: Row) -> Iterator[Item]:
    attributes = {
        "distribution": text(row, "platform") or text(row, "name").lower(),
        "version": text(row, "version").partition(" ")[0],
        "codename": text(row, "codename"),
        "architecture": text(row, "arch"),
    }
    name = f"{text(row, 'name')} {text(row, 'version')}"
    yield Item("os", "os", name, filled(attributes), relations=(("runs_on", "host", "host"),))


def _interface(row: Row) -> Iterator[Item]:
    name = text(row, "interface")
    attributes = filled({"mac": plain_mac(text(row, "mac")), "mtu": number(row, "mtu")})
    yield Item("interface", name, name, attributes, relations=OF_HOST)


def _address(row: Row) -> Iterator[Item]:
    yield from address_items(text(row, "interface"), text(row, "address"), prefix_of(text(row, "mask")))


def _mount(row: Row) -> Iterator[Item]:
    point, blocks, block_bytes = text(row, "path"), number(row, "blocks"), number(row, "blocks_size")
    if blocks and block_bytes:
        attributes = {
            "device": text(row, "device"),
            "type": text(row, "type"),
            "options": text(row, "flags"),
            "size_bytes": blocks * block_bytes,
        }
        yield Item("filesystem", point, point, filled(attributes), relations=OF_HOST)


def _listening(row: Row) -> Iterator[Item]:
    protocol = {"6": "tcp", "17": "udp"}.get(text(row, "protocol"))
    address, port = text(row, "address"), number(row, "port")
    if protocol and port:
        host = f"[{address}]" if ":" in address else address
        key = f"{protocol}/{host}:{port}"
        attributes = {"transport": protocol, "address": address, "port": port}
        yield Item("endpoint", key, key, attributes, filled({"pid": number(row, "pid")}), relations=OF_HOST)


def _account(row: Row) -> Iterator[Item]:
    login = text(row, "username")
    attributes = {
        "uid": number(row, "uid"),
        "gid": number(row, "gid"),
        "full_name": text(row, "description"),
        "home": text(row, "directory"),
        "shell": text(row, "shell"),
    }
    yield Item("account", login, login, filled(attributes), relations=OF_HOST)


def _module(row: Row) -> Iterator[Item]:
    attributes = filled({"size_bytes": number(row, "size")})
    yield Item("kernel_module", text(row, "name"), text(row, "name"), attributes, relations=(("part_of", "os", "os"),))


def _package(manager: str, type_: str) -> Callable[[Row], Iterator[Item]]:
    def item_of(row: Row) -> Iterator[Item]:
        name, version, release = text(row, "name"), text(row, "version"), text(row, "release")
        arch = text(row, "arch") or text(row, "architecture")
        whole = f"{version}-{release}" if manager == "rpm" and release else version
        key = f"{manager}/{name}:{arch}" if manager in ("dpkg", "rpm") else f"{manager}/{name}"
        attributes = {"manager": manager, "version": whole, "architecture": arch, "summary": text(row, "summary")}
        attributes["purl"] = "" if manager in ("dpkg", "rpm") else purl(type_, "", name, whole)
        yield Item("package", key, name, filled(attributes), relations=INSTALLED)

    return item_of


_TABLES: Mapping[str, Callable[[Row], Iterator[Item]]] = {
    "os_version": _os,
    "interface_details": _interface,
    "interface_addresses": _address,
    "mounts": _mount,
    "listening_ports": _listening,
    "users": _account,
    "kernel_modules": _module,
    "deb_packages": _package("dpkg", "deb"),
    "rpm_packages": _package("rpm", "rpm"),
    "python_packages": _package("pip", "pypi"),
    "npm_packages": _package("npm", "npm"),
}
