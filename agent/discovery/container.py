"""Containers and images, as the Docker and Podman engines of this host tell over their sockets."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from agent.discovery.secrets import mask_command
from agent.discovery.source import CommandFailed, Unsupported
from agent.discovery.unix_http import get_json
from agent.wire import Item

if TYPE_CHECKING:
    from agent.discovery.collector import Look

_SOCKETS = ("/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock", "/run/user/*/podman/podman.sock")
_ID_LENGTH = 12
_COMPOSE = ("com.docker.compose.project", "com.docker.compose.service")


def engine_sockets() -> list[str]:
    """The sockets of this host's container engines, each once."""
    found = {os.path.realpath(path) for pattern in _SOCKETS for path in glob.glob(pattern)}  # noqa: PTH207
    return sorted(found)


def service_name(container: Mapping[str, Any]) -> str:
    """What a container is an instance of: `project/service` for Compose, else its name. Stays when it is recreated."""
    labels = container.get("Labels") or {}
    if all(labels.get(label) for label in _COMPOSE):
        number = labels.get("com.docker.compose.container-number", "1")
        return "/".join(str(labels[label]) for label in _COMPOSE) + (f"/{number}" if number != "1" else "")
    names = container.get("Names") or [str(container.get("Id", ""))[:_ID_LENGTH]]
    return str(names[0]).lstrip("/")


def names_by_id(sockets: Iterable[str]) -> dict[str, str]:
    """What each container is called, by the beginning of its id. Raises OSError, CommandFailed; not for a denial."""
    names = {}
    for path in sockets:
        try:
            containers = get_json(path, "/containers/json")
        except (PermissionError, ConnectionRefusedError):
            continue
        for container in containers:
            names[str(container.get("Id", ""))[:_ID_LENGTH]] = service_name(container)
    return names


def container_item(container: Mapping[str, Any]) -> Item:
    """The item of one entry of `/containers/json`. It is keyed by its id: recreated, it is another."""
    identity = str(container["Id"])[:_ID_LENGTH]
    labels = container.get("Labels") or {}
    names = [str(name).lstrip("/") for name in container.get("Names") or ()]
    image_id = _short(str(container.get("ImageID", "")))
    attributes: dict[str, Any] = {
        "id": str(container["Id"]),
        "image": container.get("Image", ""),
        "image_id": image_id,
        "command": mask_command(str(container.get("Command", "")).split(" ")),
        "created_at_s": container.get("Created"),
        "service": service_name(container),
        "compose_project": labels.get(_COMPOSE[0], ""),
        "compose_service": labels.get(_COMPOSE[1], ""),
        "addresses": sorted(_addresses(container)),
        "networks": sorted((container.get("NetworkSettings") or {}).get("Networks") or {}),
        "ports": sorted({_port(port) for port in container.get("Ports") or ()}),
        "mounts": sorted(str(mount.get("Destination", "")) for mount in container.get("Mounts") or ()),
    }
    return Item(
        class_="container",
        key=identity,
        name=names[0] if names else identity,
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
    # Podman names no address where it listens on all.
    return f"{port.get('IP') or '0.0.0.0'}:{port['PublicPort']}->{inside}" if port.get("PublicPort") else inside


def _short(identity: str) -> str:
    return identity.rpartition(":")[2][:_ID_LENGTH]


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
