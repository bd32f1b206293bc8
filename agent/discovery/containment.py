"""Whether this host is itself a container, and which machine or container a process belongs to by its namespaces."""

from __future__ import annotations

import os
import re
from pathlib import Path

from agent.discovery.source import read_line

_FIRST_PID_NAMESPACE = "pid:[4026531836]"  # PROC_PID_INIT_INO, include/linux/proc_ns.h
_CONTAINER_FOLDER = re.compile(r"/(?:overlay-|vfs-)?containers/([0-9a-f]{64})/\S* /etc/hostname ")
_NAME_LENGTH = 64


def own_container() -> str:
    """The kind of container that this host is (`docker`, `systemd-nspawn`, …); empty for a machine."""
    told = read_line("/run/systemd/container")
    if told:
        return told
    if os.readlink("/proc/self/ns/pid") == _FIRST_PID_NAMESPACE:  # noqa: PTH115
        return ""  # a machine that was made from a container's image still has its marks
    if Path("/.dockerenv").exists():
        return "docker"
    return "podman" if Path("/run/.containerenv").exists() else ""


def container_id(mountinfo: str) -> str:
    """The id of the container that these mounts are of: Docker and Podman mount files from its folder into it."""
    found = _CONTAINER_FOLDER.search(mountinfo)
    return found.group(1) if found else ""


def foreign_machine(pid: int, own_pids: str, own_names: str) -> str:
    """The host name of the container that a process lives in; empty where it lives in our own.

    A sandbox has its own process ids, a hardened unit its own host name; a container has both.
    """
    try:
        if os.readlink(f"/proc/{pid}/ns/pid") == own_pids or os.readlink(f"/proc/{pid}/ns/uts") == own_names:  # noqa: PTH115
            return ""
        return read_line(f"/proc/{pid}/root/etc/hostname")[:_NAME_LENGTH] or "container"
    except OSError:  # not ours to look into, or gone
        return ""
