"""Containers and images, as the Docker and Podman engines of this host tell over their sockets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agent.discovery.collector import Look
from agent.discovery.container_engine import COMPOSE, ID_LENGTH, engine_sockets, own_name, service_name
from agent.discovery.secrets import mask_command
from agent.discovery.source import CommandFailed, Unsupported
from agent.discovery.unix_http import get_json
from agent.wire import Item


def container_item(container: Mapping[str, Any]) -> Item:
    """The item of one entry of `/containers/json`. It is keyed by its id: recreated, it is another."""
    identity = str(container["Id"])[:ID_LENGTH]
    labels = container.get("Labels") or {}
    image_id = _short(str(container.get("ImageID", "")))
    attributes: dict[str, Any] = {
        "id": str(container["Id"]),
        "image": container.get("Image", ""),
        "image_id": image_id,
        "command": mask_command(str(container.get("Command", "")).split(" ")),
        "created_at_s": container.get("Created"),
        "service": service_name(container),
        "compose_project": labels.get(COMPOSE[0], ""),
        "compose_service": labels.get(COMPOSE[1], ""),
        "addresses": sorted(_addresses(container)),
        "networks": sorted((container.get("NetworkSettings") or {}).get("Networks") or {}),
        "ports": sorted({_port(port) for port in container.get("Ports") or ()}),
        "mounts": sorted(str(mount.get("Destination", "")) for mount in container.get("Mounts") or ()),
    }
    return Item(
        class_="container",
        key=identity,
        name=own_name(container) or identity,
        attributes={name: value for name, value in attributes.items() if value},
        metrics={"state": container.get("State", ""), "status": container.get("Status", "")},
        relations=(("runs_on", "host", "host"), ("uses", "image", image_id)),
    )


def _addresses(container: Mapping[str, Any]) -> Iterator[str]:
    for network in ((container.get("NetworkSettings") or {}).get("Networks") or {}).values():
        for name in ("IPAddress", "GlobalIPv6Address"):
            if isinstance(network, dict) and network.get(name):
                yield str(network[name])


def _port(port: Mapping[str, Any]) -> str:
    inside = f"{port.get('PrivatePort', '')}/{port.get('Type', 'tcp')}"
    address = str(port.get("IP") or "0.0.0.0")  # Podman names none where it listens on all
    if ":" in address:
        address = f"[{address}]"
    return f"{address}:{port['PublicPort']}->{inside}" if port.get("PublicPort") else inside


def _short(identity: str) -> str:
    return identity.rpartition(":")[2][:ID_LENGTH]


def image_item(image: Mapping[str, Any]) -> Item:
    """The item of one entry of `/images/json`."""
    identity = _short(str(image["Id"]))
    tags = sorted(tag for tag in image.get("RepoTags") or () if tag != "<none>:<none>")
    digests = sorted(image.get("RepoDigests") or ())
    return Item(
        class_="image",
        key=identity,
        name=tags[0] if tags else identity,
        attributes={
            "id": str(image["Id"]),
            "tags": tags,
            "digests": digests,
            "size_bytes": image.get("Size", 0),
            "created_at_s": image.get("Created", 0),
        },
        relations=(("installed_on", "host", "host"),),
    )


def collect_containers(look: Look) -> Iterable[Item]:
    """All containers, running or not, and all images."""
    sockets = engine_sockets()
    if not sockets:
        raise Unsupported("no socket of Docker or Podman")
    items = []
    for path in sockets:
        try:
            items += [container_item(found) for found in get_json(path, "/containers/json?all=1")]
            items += [image_item(found) for found in get_json(path, "/images/json")]
        except (OSError, CommandFailed) as error:
            look.missed.append(f"{path} ({error})")
    return items
