"""The operating system: os-release(5), the kernel, and how it was started."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from agent.discovery.collector import Look
from agent.discovery.source import read_line, read_text
from agent.wire import Item


def parse_os_release(text: str) -> dict[str, str]:
    """os-release(5): shell-like assignments, values perhaps quoted."""
    values = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            values[name] = value.replace('\\"', '"').replace("\\$", "$").replace("\\`", "`").replace("\\\\", "\\")
    return values


def read_os_release() -> dict[str, str]:
    """The host's os-release; empty where there is none."""
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            return parse_os_release(read_text(path, 65536))
        except FileNotFoundError:
            continue
    return {}


def os_item(release: Mapping[str, str], kernel: Mapping[str, str], extra: Mapping[str, str]) -> Item:
    """The item of the operating system; `kernel` has sysname, release, version and machine of uname(2)."""
    attributes = {
        "distribution": release.get("ID", ""),
        "distribution_like": release.get("ID_LIKE", ""),
        "version": release.get("VERSION_ID", ""),
        "codename": release.get("VERSION_CODENAME", ""),
        "kernel": kernel["release"],
        "kernel_name": kernel["sysname"],
        "kernel_version": kernel["version"],
        "architecture": kernel["machine"],
        **extra,
    }
    return Item(
        class_="os",
        key="os",
        name=release.get("PRETTY_NAME") or f"{kernel['sysname']} {kernel['release']}",
        attributes={name: value for name, value in attributes.items() if value},
        relations=(("runs_on", "host", "host"),),
    )


def collect_os(look: Look) -> Iterable[Item]:
    """The one operating system."""
    uname = os.uname()
    kernel = {name: getattr(uname, name) for name in ("sysname", "release", "version", "machine")}
    extra = {
        "init": read_line("/proc/1/comm"),
        "timezone": _timezone(),
        "selinux": {"1": "enforcing", "0": "permissive"}.get(read_line("/sys/fs/selinux/enforce"), ""),
        "apparmor": {"Y": "enabled"}.get(read_line("/sys/module/apparmor/parameters/enabled"), ""),
    }
    return [os_item(read_os_release(), kernel, extra)]


def _timezone() -> str:
    try:
        return os.readlink("/etc/localtime").partition("zoneinfo/")[2]  # noqa: PTH115
    except OSError:
        return read_line("/etc/timezone")
