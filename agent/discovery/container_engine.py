"""The container engines of this host: where Docker and Podman listen, and what their containers are called."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Mapping
from typing import Any

from agent.discovery.unix_http import get_json

ID_LENGTH = 12
COMPOSE = ("com.docker.compose.project", "com.docker.compose.service")
_OF_A_USER = "/run/user/"
_SOCKETS = (
    "/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock", f"{_OF_A_USER}*/podman/podman.sock"
)  # fmt: skip


def engine_sockets() -> list[str]:
    """The sockets of this host's container engines, each once."""
    found = {os.path.realpath(path) for pattern in _SOCKETS for path in glob.glob(pattern)}  # noqa: PTH207
    return sorted(found)


def service_name(container: Mapping[str, Any]) -> str:
    """What a container is an instance of: `project/service` for Compose, else its name. Stays when it is recreated."""
    labels = container.get("Labels") or {}
    if all(labels.get(label) for label in COMPOSE):
        number = labels.get("com.docker.compose.container-number", "1")
        return "/".join(str(labels[label]) for label in COMPOSE) + (f"/{number}" if number != "1" else "")
    return own_name(container) or str(container.get("Id", ""))[:ID_LENGTH]


def own_name(container: Mapping[str, Any]) -> str:
    """Its name; not one by which another container links to it (`/web/db`). Empty where it has none."""
    names = [str(name).lstrip("/") for name in container.get("Names") or ()]
    return next((name for name in names if "/" not in name), "")


def names_by_id(sockets: Iterable[str]) -> dict[str, str]:
    """What each container is called, by the beginning of its id. Raises OSError, CommandFailed; not for a denial.

    An engine of a user's own is that user's to answer for: it names no container of another, and what it does not or
    wrongly say keeps nobody else from being seen.
    """
    names: dict[str, str] = {}
    for path in sockets:
        try:
            found = {
                str(one.get("Id", ""))[:ID_LENGTH]: service_name(one) for one in get_json(path, "/containers/json")
            }
        except (PermissionError, ConnectionRefusedError):
            continue
        except Exception:
            if not path.startswith(_OF_A_USER):
                raise
            continue
        names = {**found, **names}
    return names
