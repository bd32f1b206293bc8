"""Mounted file systems, as `df` lists them. Which are left out, and why, is in `is_listed` and `without_doubles`."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import NamedTuple, Optional, Union

from agent.discovery.collector import Look
from agent.discovery.source import read_text
from agent.wire import Item

STATVFS_S = 2.0
# Have no blocks of their own; GNU df leaves out the same (gnulib mountlist.c, ME_DUMMY_0), and what has no blocks.
_PSEUDO = frozenset({
    "autofs", "proc", "subfs", "debugfs", "devpts", "fusectl", "fuse.portal", "mqueue", "rpc_pipefs", "sysfs", "devfs",
    "kernfs", "ignore", "none", "cgroup", "cgroup2", "securityfs", "tracefs", "configfs", "pstore", "bpf",
    "binfmt_misc",     "nsfs", "ramfs", "hugetlbfs", "efivarfs", "selinuxfs", "nfsd",
})  # fmt: skip
# A container's own view of its image: as many as there are containers, gone with them, on a file system listed anyway.
_OF_CONTAINERS = (
    "/var/lib/docker/",
    "/var/lib/containers/",
    "/var/lib/containerd/",
    "/run/containerd/",
    "/var/lib/kubelet/pods/",
    "/run/docker/",
    "/run/user/",
)
_CHANGING_SIZE = frozenset({"zfs", "fuse.mergerfs"})  # the size is what is free in a shared pool plus what is used


class Mount(NamedTuple):
    device_id: str  # major:minor
    root: str
    point: str
    options: str
    type: str
    device: str


class Usage(NamedTuple):
    size_bytes: int
    used_bytes: int
    available_bytes: int
    inodes: int
    inodes_free: int


def parse_mountinfo(text: str) -> list[Mount]:
    """/proc/self/mountinfo, proc(5). Spaces and their like are escaped in octal."""
    mounts = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if len(fields) >= 6 and len(rest) >= 2:
            mounts.append(
                Mount(fields[2], _unescape(fields[3]), _unescape(fields[4]), fields[5], rest[0], _unescape(rest[1]))
            )
    return mounts


def _unescape(text: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\043", "#"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text


def is_listed(mount: Mount) -> bool:
    """Whether a mount is a file system of its own to people: neither the kernel's nor a container's."""
    if mount.type in _PSEUDO:
        return False
    return not (mount.point.startswith(_OF_CONTAINERS) and mount.type in ("overlay", "tmpfs", "fuse-overlayfs"))


def without_doubles(mounts: Iterable[Mount]) -> list[Mount]:
    """One mount a device, as `df` shows it: the whole before a part of it (a bind mount), then the shortest path.

    At one mount point the last mount hides those before it.
    """
    topmost = {mount.point: mount for mount in mounts}
    chosen: dict[str, Mount] = {}
    for mount in topmost.values():
        other = chosen.get(mount.device_id)
        if other is None or _rank(mount) < _rank(other):
            chosen[mount.device_id] = mount
    return sorted(chosen.values(), key=lambda mount: mount.point)


def _rank(mount: Mount) -> tuple[bool, int]:
    return (mount.root != "/", len(mount.point))


def filesystem_item(mount: Mount, usage: Usage, disk: Optional[str]) -> Item:
    """The item of a mounted file system. `used_percent` is df's: of what unprivileged users may use, rounded less."""
    usable_bytes = usage.used_bytes + usage.available_bytes
    metrics = {
        "used_bytes": usage.used_bytes,
        "available_bytes": usage.available_bytes,
        "used_percent": round(100 * usage.used_bytes / usable_bytes, 2) if usable_bytes else 0.0,
    }
    if usage.inodes:
        used = usage.inodes - usage.inodes_free
        metrics.update(inodes=usage.inodes, inodes_used=used, inodes_used_percent=round(100 * used / usage.inodes, 2))
    attributes = {"device": mount.device, "type": mount.type, "options": mount.options}
    if mount.type in _CHANGING_SIZE:
        metrics["size_bytes"] = usage.size_bytes
    relations = [("part_of", "host", "host")]
    if disk:
        relations.append(("runs_on", "disk", disk))
    return Item(
        class_="filesystem",
        key=mount.point,
        name=mount.point,
        attributes=attributes if "size_bytes" in metrics else {**attributes, "size_bytes": usage.size_bytes},
        metrics=metrics,
        relations=tuple(relations),
    )


def collect_filesystems(look: Look) -> Iterable[Item]:
    """What `df` lists. One that does not answer (a dead NFS server) costs 2 s and makes the section partial."""
    mounts = without_doubles(mount for mount in parse_mountinfo(read_text("/proc/self/mountinfo")) if is_listed(mount))
    items = []
    for mount, usage in zip(mounts, _usages([mount.point for mount in mounts])):
        if isinstance(usage, Usage):
            if usage.size_bytes:
                items.append(filesystem_item(mount, usage, _disk_of(mount.device_id)))
        elif not isinstance(usage, FileNotFoundError):
            look.missed.append(f"{mount.point} ({'no answer' if usage is None else usage.strerror})")
    return items


def _usages(points: list[str]) -> list[Union[Usage, OSError, None]]:
    """For each mount point its usage, the error, or None where it did not answer."""
    found: list[Union[Usage, OSError, None]] = [None] * len(points)

    def look_at_all() -> None:
        for at, point in enumerate(points):
            if found[at] is None and at not in started:
                started.add(at)
                try:
                    found[at] = _usage(point)
                except OSError as error:
                    found[at] = error

    started: set[int] = set()
    while len(started) < len(points):
        before = len(started)
        thread = threading.Thread(target=look_at_all, daemon=True)
        thread.start()
        thread.join(STATVFS_S)
        if len(started) == before:
            break
    return found


def _usage(point: str) -> Usage:
    answer = os.statvfs(point)
    return Usage(
        size_bytes=answer.f_blocks * answer.f_frsize,
        used_bytes=(answer.f_blocks - answer.f_bfree) * answer.f_frsize,
        available_bytes=answer.f_bavail * answer.f_frsize,
        inodes=answer.f_files,
        inodes_free=answer.f_ffree,
    )


def _disk_of(device_id: str) -> Optional[str]:
    """The disk that a device number belongs to; a partition is its disk's."""
    path = os.path.realpath(f"/sys/dev/block/{device_id}")
    _, found, rest = path.partition("/devices/")
    name = rest.partition("/block/")[2].partition("/")[0]
    if not found or not name:
        return None
    return None if name.startswith(("loop", "zram", "ram")) else name
