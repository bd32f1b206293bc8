"""The formats by the names that people type. Agreements (`openslo`) are read and written elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cmdb.exchange import ansible_facts, ansible_inventory, cyclonedx, facter, glpi, glpi_export, osquery, otel, table
from cmdb.exchange.hosts import HostDocuments
from cmdb.exchange.imported import ImportedHost

Read = Callable[[str], list[ImportedHost]]
Write = Callable[[str, Sequence[HostDocuments], datetime], str]

READERS: Mapping[str, Read] = {
    "glpi": glpi.read,
    "facter": facter.read,
    "ansible": ansible_facts.read,
    "osquery": osquery.read,
    "cyclonedx": cyclonedx.read,
    "csv": table.read,
}


def _json(document: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _glpi(_service: str, hosts: Sequence[HostDocuments], _at: datetime) -> str:
    """One document, or one a line where there are several hosts: an inventory is of one."""
    documents = [glpi_export.write(host) for host in hosts]
    if len(documents) == 1:
        return _json(documents[0])
    return "".join(f"{msgspec.json.encode(document).decode()}\n" for document in documents)


def _cyclonedx(service: str, hosts: Sequence[HostDocuments], at: datetime) -> str:
    if len(hosts) == 1 and not service:
        return _json(cyclonedx.write(hosts[0].host["name"], "device", hosts, at))
    return _json(cyclonedx.write(service or "all hosts", "application", hosts, at))


WRITERS: Mapping[str, Write] = {
    "glpi": _glpi,
    "cyclonedx": _cyclonedx,
    "otel": lambda _service, hosts, _at: _json(
        {"resources": [resource for host in hosts for resource in otel.write(host)["resources"]]}
    ),
    "ansible-inventory": lambda _service, hosts, _at: _json(ansible_inventory.write(hosts)),
    "csv": lambda _service, hosts, _at: table.write(hosts),
}
