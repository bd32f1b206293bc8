"""The cloud that this host is an instance in, asked of its metadata service; only where DMI hints at that cloud.

One address, plain HTTP, a second in all: a machine that is in no cloud is never asked.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple, Optional

import msgspec

from agent.discovery.source import CommandFailed, CommandTooSlow, read_line

ADDRESS = ("169.254.169.254", 80)
TOTAL_S = 1.0
_ANSWER_BYTES = 1 << 18
_AWS_TOKEN = "/latest/api/token"  # noqa: S105 - where to ask for one
_AWS_DOCUMENT = "/latest/dynamic/instance-identity/document"


class Instance(NamedTuple):
    provider: str
    account: str
    identity: str
    type: str
    region: str
    zone: str
    image: str
    name: str = ""

    @property
    def key(self) -> str:
        return "/".join(part for part in (self.provider, self.account, self.identity) if part)


def hinted_provider(dmi: Mapping[str, str]) -> str:
    """The cloud that DMI names; empty for none."""
    vendor, product = dmi.get("sys_vendor", ""), dmi.get("product_name", "")
    tag, version = dmi.get("chassis_asset_tag", ""), dmi.get("bios_version", "") + dmi.get("bios_vendor", "")
    if "Amazon EC2" in (vendor, dmi.get("bios_vendor", "")) or "amazon" in version.lower():
        return "aws"
    if product == "Google Compute Engine" or vendor == "Google":
        return "gcp"
    if tag == "7783-7084-3265-9085-8269-3286-77":
        return "azure"
    named = {"DigitalOcean": "digitalocean", "Hetzner": "hetzner", "OpenStack Foundation": "openstack"}
    return named.get(vendor, "openstack" if product.startswith("OpenStack") else "")


def _text(document: Mapping[str, Any], *path: str) -> str:
    value: Any = document
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


def parse_aws(document: Mapping[str, Any]) -> Instance:
    """The instance identity document."""
    get = partial(_text, document)
    return Instance("aws", get("accountId"), get("instanceId"), get("instanceType"), get("region"),
                    get("availabilityZone"), get("imageId"))  # fmt: skip


def parse_gcp(document: Mapping[str, Any]) -> Instance:
    """`/computeMetadata/v1/?recursive=true`."""
    zone = _text(document, "instance", "zone").rpartition("/")[2]
    return Instance(
        "gcp", _text(document, "project", "projectId"), _text(document, "instance", "id"),
        _text(document, "instance", "machineType").rpartition("/")[2], zone.rpartition("-")[0], zone,
        _text(document, "instance", "image").rpartition("/")[2], _text(document, "instance", "name"),
    )  # fmt: skip


def parse_azure(document: Mapping[str, Any]) -> Instance:
    """`/metadata/instance?api-version=2021-02-01`."""
    get = partial(_text, document, "compute")
    return Instance("azure", get("subscriptionId"), get("vmId"), get("vmSize"), get("location"), get("zone"),
                    get("sku"), get("name"))  # fmt: skip


def parse_openstack(document: Mapping[str, Any]) -> Instance:
    """`/openstack/latest/meta_data.json`."""
    get = partial(_text, document)
    return Instance("openstack", get("project_id"), get("uuid"), "", "", get("availability_zone"), "", get("name"))


def parse_digitalocean(document: Mapping[str, Any]) -> Instance:
    """`/metadata/v1.json`."""
    get = partial(_text, document)
    return Instance("digitalocean", "", get("droplet_id"), "", get("region"), "", "", get("hostname"))


def parse_hetzner(text: str) -> Instance:
    """`/hetzner/v1/metadata`: flat lines of YAML among others."""
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line and not line.startswith(" "))
    get = partial(_text, {name: value.strip("'\" ") for name, value in fields.items()})
    return Instance("hetzner", "", get("instance-id"), "", get("region"), get("availability-zone"), "", get("hostname"))


_JSON = {
    "gcp": ("/computeMetadata/v1/?recursive=true", "Metadata-Flavor: Google", parse_gcp),
    "azure": ("/metadata/instance?api-version=2021-02-01", "Metadata: true", parse_azure),
    "openstack": ("/openstack/latest/meta_data.json", "", parse_openstack),
    "digitalocean": ("/metadata/v1.json", "", parse_digitalocean),
}


def ask(provider: str, address: tuple[str, int] = ADDRESS) -> Instance:
    """The instance as the provider's service tells it. Raises OSError, CommandFailed."""
    deadline = time.monotonic() + TOTAL_S
    if provider == "hetzner":
        return parse_hetzner(_request(address, "GET", "/hetzner/v1/metadata", "", deadline).decode("utf-8", "replace"))
    if provider == "aws":
        token = _request(address, "PUT", _AWS_TOKEN, "X-aws-ec2-metadata-token-ttl-seconds: 60", deadline)
        header = f"X-aws-ec2-metadata-token: {token.decode('latin-1').strip()}"
        return parse_aws(_decoded(_request(address, "GET", _AWS_DOCUMENT, header, deadline)))
    path, header, parse = _JSON[provider]
    return parse(_decoded(_request(address, "GET", path, header, deadline)))


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise CommandFailed(f"the metadata service answered no JSON object: {error}") from None


def _request(address: tuple[str, int], method: str, path: str, header: str, deadline: float) -> bytes:
    extra = f"{header}\r\n" if header else ""
    with socket.create_connection(address, timeout=_left(deadline)) as connection:
        connection.sendall(
            f"{method} {path} HTTP/1.0\r\nHost: {address[0]}\r\n{extra}Content-Length: 0\r\n\r\n".encode()
        )
        answer = bytearray()
        while len(answer) < _ANSWER_BYTES:
            connection.settimeout(_left(deadline))
            chunk = connection.recv(65536)
            if not chunk:
                break
            answer += chunk
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0] + b" ":
        raise CommandFailed(f"the metadata service answered {head[:60].decode('latin-1')!r}")
    return body


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise CommandTooSlow("the metadata service took too long")
    return left


def read_hint() -> str:
    """The provider that this host's DMI names."""
    names = ("sys_vendor", "product_name", "chassis_asset_tag", "bios_version", "bios_vendor")
    return hinted_provider({name: read_line(f"/sys/class/dmi/id/{name}") for name in names})


def read_instance() -> Optional[Instance]:
    """The instance that this host is, None where nothing hints at a cloud. Raises OSError, CommandFailed."""
    provider = read_hint()
    return ask(provider) if provider else None
