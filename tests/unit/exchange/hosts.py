"""Hosts as exports are given them, and inventories that went out and came in again."""

from __future__ import annotations

import json
from typing import Any

from agent.wire import Item
from cmdb.exchange import glpi, glpi_export
from cmdb.exchange.hosts import HostDocuments, host_documents


def document(item: Item, host: str) -> dict[str, Any]:
    return {
        "id": host if item.class_ == "host" else f"{item.class_}-{item.key}", "class": item.class_, "host": host,
        "key": item.key, "name": item.name, "status": "in_use", "attributes": item.attributes, "metrics": item.metrics,
        "keys": item.keys, "overrides": {},
    }  # fmt: skip


def a_host(*more: Item, name: str = "web1", keys: dict[str, Any] | None = None) -> HostDocuments:
    own = keys or {"machine_id": "m1", "dmi_uuid": "u1", "macs": ["aa:bb:cc:00:11:22"], "domain": "example.org"}
    host = Item("host", "host", name, {"architecture": "x86_64", "virtualisation": "kvm", "vendor": "QEMU"}, keys=own)
    system = {"distribution": "debian", "version": "12", "kernel_name": "Linux", "kernel": "6.1"}
    address = {"interface": "eth0", "address": "192.0.2.7", "prefix": 24, "version": 4, "scope": "global"}
    package = {
        "manager": "dpkg", "version": "1.22", "architecture": "amd64", "purl": "pkg:deb/debian/nginx@1.22?arch=amd64",
    }  # fmt: skip
    program = {"kind": "unit", "version": "1.22", "package": "dpkg/nginx:amd64", "command": "nginx", "user": "root"}
    listening = {"transport": "tcp", "address": "0.0.0.0", "port": 80, "protocol": "http", "software": "nginx.service"}
    port = {"kind": "physical", "mac": "aa:bb:cc:00:11:22", "mtu": 1500}
    disk = {"device": "/dev/vda", "type": "ext4", "size_bytes": 10 << 30}
    items = [
        Item("os", "os", "Debian GNU/Linux 12", system),
        Item("cpu", "0", "AMD EPYC", {"vendor": "AuthenticAMD", "cores": 2, "threads": 4, "stepping": "1"}),
        Item("memory", "memory", "main memory", {"size_bytes": 8 << 30}),
        Item("filesystem", "/", "/", disk, {"available_bytes": 5 << 30}),
        Item("interface", "eth0", "eth0", port, {"link": "up"}),
        Item("address", "eth0/192.0.2.7/24", "192.0.2.7", address),
        Item("package", "dpkg/nginx:amd64", "nginx", package),
        Item("software", "nginx.service", "nginx", program),
        Item("endpoint", "tcp/0.0.0.0:80", "tcp/0.0.0.0:80", listening),
        Item("software", "cron.service", "cron", {"kind": "unit"}),
        *more,
    ]
    return host_documents(document(host, name), [document(item, name) for item in items])


def glpi_of(source: str) -> dict[str, Any]:
    (found,) = glpi.read(source)
    return glpi_export.write(host_documents(document(found.host, "h"), [document(item, "h") for item in found.items]))


def read_twice(source: str) -> tuple[dict[tuple[str, str], Item], dict[tuple[str, str], Item]]:
    """A GLPI inventory written from what was read of another, and read again."""
    (first,) = glpi.read(source)
    (second,) = glpi.read(json.dumps(glpi_of(source)))
    as_items = [{(item.class_, item.key): item for item in (one.host, *one.items)} for one in (first, second)]
    return as_items[0], as_items[1]
