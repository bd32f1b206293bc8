"""All hosts as an Ansible inventory, in the JSON of `ansible-inventory --list`: groups, hosts and their variables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from cmdb.exchange.hosts import HostDocuments

_NOT_IN_GROUPS = re.compile(r"[^A-Za-z0-9_]+")


def write(hosts: Iterable[HostDocuments]) -> dict[str, Any]:
    """Groups by distribution, by its version, by virtualisation, and by listening software."""
    variables: dict[str, dict[str, Any]] = {}
    groups: dict[str, set[str]] = {}
    for host in hosts:
        name = _name(host, variables)
        variables[name] = _variables(host)
        for group in _groups(host):
            groups.setdefault(group, set()).add(name)
    inventory: dict[str, Any] = {group: {"hosts": sorted(members)} for group, members in sorted(groups.items())}
    inventory["all"] = {"hosts": sorted(variables), "children": sorted(groups)}
    return {"_meta": {"hostvars": variables}, **inventory}


def _name(host: HostDocuments, taken: dict[str, Any]) -> str:
    """Its name with its domain; two hosts of one name are told apart by their id."""
    domain = host.host["keys"].get("domain", "")
    name = f"{host.host['name']}.{domain}" if domain else str(host.host["name"])
    return f"{name}-{host.host['id']}" if name in taken else name


def _variables(host: HostDocuments) -> dict[str, Any]:
    addresses = [ci["attributes"] for ci in host.of("address")]
    usable = [
        one["address"] for one in addresses if one.get("scope", "global") == "global" and _is_reachable(one["address"])
    ]
    variables = {
        "ansible_host": next((one for one in usable if ":" not in one), next(iter(usable), None)),
        "watchdeck_id": host.host["id"],
        "watchdeck_addresses": usable,
        "watchdeck_software": sorted({ci["name"] for ci in host.of("software")}),
    }
    return {name: value for name, value in variables.items() if value}


def _is_reachable(address: str) -> bool:
    return not address.startswith(("127.", "fe80:", "172.17.")) and address != "::1"


def _groups(host: HostDocuments) -> Iterable[str]:
    system = host.first("os")
    if system is not None and system["attributes"].get("distribution"):
        distribution = system["attributes"]["distribution"]
        yield _group("os", distribution)
        yield _group("os", distribution, system["attributes"].get("version", ""))
    if host.host["attributes"].get("virtualisation"):
        yield _group("virt", host.host["attributes"]["virtualisation"])
    listening = {ci["attributes"].get("software") for ci in host.of("endpoint")}
    for ci in host.of("software"):
        if ci["key"] in listening:
            yield _group("software", ci["name"])


def _group(*words: object) -> str:
    return _NOT_IN_GROUPS.sub("_", "_".join(str(word) for word in words if word)).strip("_").lower()
