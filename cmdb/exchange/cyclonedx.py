"""CycloneDX 1.6 bills of materials, JSON: a host's or a service's software out, any tool's bill of one host in.

A bill is of what its `metadata.component` is: here a host (`device`) or a service (`application`). Packages are
`library` components by their package URL, the operating system `operating-system`, programs `application`s, endpoints
`services`; what a program is from is in `dependencies`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from agent.wire import Item
from checks import __version__
from cmdb.exchange.hosts import HostDocuments
from cmdb.exchange.imported import (
    INSTALLED,
    ImportedHost,
    Unreadable,
    decoded,
    distribution_id,
    filled,
    host_item,
    imported,
    mappings,
    pick,
    text,
)

SPEC = "1.6"
_NAMESPACE = uuid.UUID("7b0a6d1e-5f43-4f5e-9d0a-3a1c7c8f5b52")
_MANAGERS = {"deb": "dpkg", "rpm": "rpm", "apk": "apk", "pypi": "pip", "npm": "npm"}
Ci = Mapping[str, Any]


def write(name: str, kind: str, hosts: Iterable[HostDocuments], at: datetime) -> dict[str, Any]:
    """The bill of a host (kind `device`) or of the hosts of a service (kind `application`)."""
    found = list(hosts)
    root = {"type": kind, "bom-ref": f"{kind}:{name}", "name": name}
    components = [component for host in found for component in _components(host, alone=kind == "device")]
    services = [service for host in found for service in _services(host)]
    dependencies = [
        {"ref": root["bom-ref"], "dependsOn": [one["bom-ref"] for one in components]},
        *(one for host in found for one in _uses(host)),
    ]
    moment = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{kind}:{name}:{moment}')}",
        "version": 1,
        "metadata": {
            "timestamp": moment,
            "tools": {"components": [{"type": "application", "name": "watchdeck", "version": __version__}]},
            "component": root,
        },
        "components": components,
        "services": services,
        "dependencies": dependencies,
    }


def _components(host: HostDocuments, *, alone: bool) -> Iterator[dict[str, Any]]:
    if not alone:
        yield _component("device", host.host, {})
    for ci in host.of("os"):
        yield _component("operating-system", ci, {"version": ci["attributes"].get("version")})
    for ci in host.of("package"):
        attributes = ci["attributes"]
        extra = {
            "version": attributes.get("version"),
            "purl": attributes.get("purl"),
            "description": attributes.get("summary"),
        }
        yield _component("library", ci, extra)
    for ci in host.of("software"):
        yield _component("application", ci, {"version": ci["attributes"].get("version")})
    for ci in host.of("container"):
        yield _component("container", ci, {"version": ci["attributes"].get("image_id")})


def _component(type_: str, ci: Ci, extra: Mapping[str, Any]) -> dict[str, Any]:
    properties = [
        {"name": f"watchdeck:{name}", "value": str(value)}
        for name, value in (("class", ci["class"]), ("host", ci.get("host")), ("key", ci["key"]))
        if value
    ]
    return filled({"type": type_, "bom-ref": ci["id"], "name": ci["name"], **extra, "properties": properties})


def _services(host: HostDocuments) -> Iterator[dict[str, Any]]:
    for ci in host.of("endpoint"):
        attributes = ci["attributes"]
        scheme = attributes.get("protocol", "unknown")
        scheme = attributes.get("transport") if scheme == "unknown" else scheme
        url = f"{scheme}://{_authority(host, str(attributes.get('address', '')))}:{attributes.get('port')}"
        yield {"bom-ref": ci["id"], "name": ci["name"], "endpoints": [url]}


def _authority(host: HostDocuments, address: str) -> str:
    """The host's name for what listens at every address, and for IPv6, whose brackets validators do not know."""
    domain = host.host["keys"].get("domain")
    name = f"{host.host['name']}.{domain}" if domain else str(host.host["name"])
    return quote(name) if address in ("0.0.0.0", "") or ":" in address else address


def _uses(host: HostDocuments) -> Iterator[dict[str, Any]]:
    packages = {ci["key"]: ci["id"] for ci in host.of("package")}
    for ci in host.of("software"):
        package = packages.get(ci["attributes"].get("package", ""))
        if package is not None:
            yield {"ref": ci["id"], "dependsOn": [package]}


def read(source: str) -> list[ImportedHost]:
    """The host that a bill is of. Raises `Unreadable`."""
    bill = decoded(source, "cyclonedx")
    if pick(bill, "bomFormat") != "CycloneDX":
        raise Unreadable("cyclonedx", "no bomFormat CycloneDX: is this a bill in JSON?")
    root = pick(bill, "metadata", "component")
    name = text(root, "name")
    if not name:
        raise Unreadable("cyclonedx", "no metadata.component.name: it does not say which host it is of")
    items = [item for component in _all(mappings(pick(bill, "components") or [])) for item in _items(component)]
    return [imported(host_item(name, {"cyclonedx_type": text(root, "type")}, {}), items)]


def _all(components: Iterable[Mapping[str, Any]], depth: int = 16) -> Iterator[Mapping[str, Any]]:
    for component in components:
        yield component
        if depth:
            yield from _all(mappings(component.get("components") or []), depth - 1)


def _items(component: Mapping[str, Any]) -> Iterator[Item]:
    type_, name, version = text(component, "type"), text(component, "name"), text(component, "version")
    if type_ == "operating-system":
        attributes = filled({"distribution": distribution_id(name), "version": version})
        yield Item("os", "os", f"{name} {version}".strip(), attributes, relations=(("runs_on", "host", "host"),))
    elif type_ in ("library", "framework", "application") and name:
        purl = text(component, "purl")
        manager, arch = _of_purl(purl)
        group = text(component, "group")
        whole = f"{group}/{name}" if group else name
        key = f"{manager}/{whole}:{arch}" if arch else f"{manager}/{whole}"
        licences = [
            text(one, "license", "id") or text(one, "license", "name") or text(one, "expression")
            for one in mappings(component.get("licenses") or [])
        ]
        attributes = {
            "manager": manager,
            "version": version,
            "architecture": arch,
            "purl": purl,
            "summary": text(component, "description"),
            "licences": [licence for licence in licences if licence],
        }
        yield Item("package", key, whole, filled(attributes), relations=INSTALLED)


def _of_purl(purl: str) -> tuple[str, str]:
    """Manager and architecture of a package URL; `cyclonedx` and none for what is no package of ours."""
    if not purl.startswith("pkg:"):
        return "cyclonedx", ""
    type_ = purl[4:].partition("/")[0]
    qualifiers = dict(pair.split("=", 1) for pair in purl.partition("?")[2].partition("#")[0].split("&") if "=" in pair)
    return _MANAGERS.get(type_, type_), unquote(qualifiers.get("arch", "")) if type_ in ("deb", "rpm", "apk") else ""
