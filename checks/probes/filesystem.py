"""How full a mounted filesystem is, in bytes and inodes, and whether it is there and writable as it should be."""

from __future__ import annotations

import os
from typing import NamedTuple

from checks.aside import aside
from checks.finding import CouldNotLook, Finding, Trace, Unhealthy
from checks.probes import Params, Probe
from checks.result import Metric
from checks.units import in_words


class FilesystemParams(Params, frozen=True):
    """`mounted`: the path must be a mount point; `writable`: it must not be mounted read-only."""

    path: str
    mounted: bool = False
    writable: bool = False


class Space(NamedTuple):
    """What the system says about the filesystem at a path."""

    status: os.statvfs_result
    is_mount: bool


async def look(params: FilesystemParams, trace: Trace) -> Finding:
    trace.doing = f"waiting for {params.path}: the mount hangs, as a dead network filesystem does"
    try:
        space = await aside(lambda: Space(os.statvfs(params.path), os.path.ismount(params.path)))
    except FileNotFoundError as error:
        raise Unhealthy(f"{params.path} is not there", expected=f"a filesystem at {params.path}") from error
    except PermissionError as error:
        raise CouldNotLook(f"{params.path} may not be looked at: {error.strerror}", "not_permitted") from error
    except OSError as error:
        raise Unhealthy(f"{params.path} cannot be read: {error.strerror}", actual=str(error.strerror)) from error
    _assert_mount(params, space)
    return measure(params.path, space.status)


def _assert_mount(params: FilesystemParams, space: Space) -> None:
    if params.mounted and not space.is_mount:
        raise Unhealthy(f"nothing is mounted on {params.path}", expected="a mount point", actual="a plain directory")
    if params.writable and space.status.f_flag & os.ST_RDONLY:
        raise Unhealthy(f"{params.path} is mounted read-only", expected="read-write", actual="read-only")


def measure(path: str, status: os.statvfs_result) -> Finding:
    """Usage as `df` counts it: what only root may still use is neither used nor free."""
    size = status.f_blocks * status.f_frsize
    used = size - status.f_bfree * status.f_frsize
    free = status.f_bavail * status.f_frsize
    used_percent = 100 * used / (used + free) if used + free else 0.0
    metrics = [
        Metric("used_percent", round(used_percent, 2), "%", minimum=0.0, maximum=100.0),
        Metric("free_bytes", float(free), "B", minimum=0.0, maximum=float(size)),
    ]
    inodes_percent = 100 * (status.f_files - status.f_ffree) / status.f_files if status.f_files else 0.0
    metrics.append(Metric("inodes_percent", round(inodes_percent, 2), "%", minimum=0.0, maximum=100.0))
    said = f"{path} {used_percent:.1f} % full, {in_words(free)} of {in_words(size)} free"
    return Finding(said, metrics=tuple(metrics))


PROBE = Probe(FilesystemParams, look)
