"""OpenTelemetry resource attributes of a host and its software, by the semantic conventions 1.27.

One resource for the host, and one for each program that listens: `service.name` by what people call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmdb.exchange.hosts import HostDocuments

SCHEMA_URL = "https://opentelemetry.io/schemas/1.27.0"
_ARCHITECTURES = {
    "x86_64": "amd64",
    "amd64": "amd64",
    "aarch64": "arm64",
    "arm64": "arm64",
    "ppc64le": "ppc64",
    "s390x": "s390x",
}
_PLATFORMS = {"aws": "aws_ec2", "azure": "azure_vm", "gcp": "gcp_compute_engine"}


def write(host: HostDocuments) -> dict[str, Any]:
    """The resources in OTLP's JSON form."""
    shared = _host(host) | _os(host) | _cloud(host)
    return {"resources": [_resource(shared), *(_resource(shared | _service(ci)) for ci in _services(host))]}


def _resource(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "schemaUrl": SCHEMA_URL,
        "attributes": [
            {"key": key, "value": _value(value)}
            for key, value in sorted(attributes.items())
            if value not in (None, "", [])
        ],
    }


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(entry) for entry in value]}}
    return {"stringValue": str(value)}


def _host(host: HostDocuments) -> dict[str, Any]:
    keys, attributes = host.host["keys"], host.host["attributes"]
    addresses = [
        ci["attributes"]["address"] for ci in host.of("address") if ci["attributes"].get("scope", "global") == "global"
    ]
    cpu = host.first("cpu")
    architecture = str(attributes.get("architecture", ""))
    return {
        "host.id": keys.get("machine_id") or keys.get("dmi_uuid"),
        "host.name": host.host["name"],
        "host.arch": _ARCHITECTURES.get(architecture, architecture),
        "host.type": attributes.get("product"),
        "host.ip": sorted(address for address in addresses if not address.startswith("127.") and address != "::1"),
        "host.mac": sorted(str(mac).upper().replace(":", "-") for mac in keys.get("macs", ())),
        "host.cpu.model.name": cpu["name"] if cpu else None,
        "host.cpu.vendor.id": cpu["attributes"].get("vendor") if cpu else None,
        "host.cpu.family": cpu["attributes"].get("family") if cpu else None,
        "host.cpu.stepping": cpu["attributes"].get("stepping") if cpu else None,
    }


def _os(host: HostDocuments) -> dict[str, Any]:
    system = host.first("os")
    if system is None:
        return {}
    attributes = system["attributes"]
    return {
        "os.type": str(attributes.get("kernel_name", "")).lower(),
        "os.name": attributes.get("distribution"),
        "os.version": attributes.get("version"),
        "os.description": system["name"],
        "os.build_id": attributes.get("kernel"),
    }


def _cloud(host: HostDocuments) -> dict[str, Any]:
    instance = host.first("cloud_instance")
    if instance is None:
        return {}
    attributes = instance["attributes"]
    provider = attributes.get("provider", "")
    return {
        "cloud.provider": provider,
        "cloud.platform": _PLATFORMS.get(provider),
        "cloud.account.id": attributes.get("account"),
        "cloud.region": attributes.get("region"),
        "cloud.availability_zone": attributes.get("zone"),
        "host.id": attributes.get("identity"),
        "host.type": attributes.get("type"),
        "host.image.id": attributes.get("image"),
    }


def _services(host: HostDocuments) -> list[Mapping[str, Any]]:
    listening = {ci["attributes"].get("software") for ci in host.of("endpoint")}
    return [ci for ci in host.of("software") if ci["key"] in listening]


def _service(ci: Mapping[str, Any]) -> dict[str, Any]:
    attributes = ci["attributes"]
    kind = attributes.get("kind")
    return {
        "service.name": ci["name"],
        "service.version": attributes.get("version"),
        "service.instance.id": ci["id"],
        "process.executable.path": attributes.get("exe"),
        "process.command_line": attributes.get("command"),
        "process.owner": attributes.get("user"),
        "container.name": ci["key"].partition("/")[2] if kind == "container" else None,
    }
