"""The processes of this host as the kernel shows them. Not which program they make up: that is `programs.py`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple, Optional

from agent.discovery.containment import foreign_machine
from agent.discovery.source import read_text

_KERNEL_THREAD = 0x00200000  # PF_KTHREAD, include/linux/sched.h
_COMMAND_LINE_BYTES = 16384


class Process(NamedTuple):
    """One process. `start` is in clock ticks since boot; `exe` and `namespace` are None where we may not look."""

    pid: int
    parent: int
    session: int
    terminal: int
    start: int
    name: str
    command: tuple[str, ...]
    uid: int
    cgroup: str
    exe: Optional[str]
    namespace: Optional[str]  # of its network, as `net:[4026531833]`
    machine: str = ""  # the host name of the container that it lives in, if that is not ours
    cpu_ticks: int = 0
    resident_pages: int = 0


class Stat(NamedTuple):
    name: str
    parent: int
    session: int
    terminal: int
    flags: int
    cpu_ticks: int
    start: int
    resident_pages: int


def parse_stat(text: str) -> Stat:
    """/proc/PID/stat, proc(5). The name may hold spaces and brackets, so it ends at the last one."""
    head, _, tail = text.rpartition(")")
    fields = tail.split()
    return Stat(
        name=head.partition("(")[2],
        parent=int(fields[1]),
        session=int(fields[3]),
        terminal=int(fields[4]),
        flags=int(fields[6]),
        cpu_ticks=int(fields[11]) + int(fields[12]),
        start=int(fields[19]),
        resident_pages=int(fields[21]),
    )


def parse_cgroup(text: str) -> str:
    """The path in systemd's hierarchy or, without one, in the unified one."""
    unified = ""
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers == "name=systemd" and path != "/":
            return path
        if not controllers:
            unified = path
    return unified


def read_processes() -> list[Process]:
    """All but kernel threads; those that end while we look are left out."""
    processes = []
    own = (os.readlink("/proc/self/ns/pid"), os.readlink("/proc/self/ns/uts"))  # noqa: PTH115
    for name in os.listdir("/proc"):  # noqa: PTH208 - names, not paths
        if name.isdigit():
            try:
                process = _read_process(int(name), *own)
            except (OSError, ValueError, IndexError):
                continue
            if process is not None:
                processes.append(process)
    return processes


def _read_process(pid: int, own_pids: str, own_names: str) -> Optional[Process]:
    folder = f"/proc/{pid}/"
    stat = parse_stat(read_text(folder + "stat", 4096))
    if stat.flags & _KERNEL_THREAD:
        return None
    return Process(
        pid=pid,
        parent=stat.parent,
        session=stat.session,
        terminal=stat.terminal,
        start=stat.start,
        name=stat.name,
        command=tuple(read_text(folder + "cmdline", _COMMAND_LINE_BYTES).rstrip("\0").split("\0")),
        uid=os.stat(folder).st_uid,  # noqa: PTH116
        cgroup=parse_cgroup(read_text(folder + "cgroup", 8192)),
        exe=_link(folder + "exe"),
        namespace=_link(folder + "ns/net"),
        machine=foreign_machine(pid, own_pids, own_names),
        cpu_ticks=stat.cpu_ticks,
        resident_pages=stat.resident_pages,
    )


def _link(path: str) -> Optional[str]:
    try:
        target = os.readlink(os.fsencode(path))  # noqa: PTH115
    except OSError:
        return None
    return target.decode("utf-8", "replace").replace(" (deleted)", "")


def owners_of(inodes: Iterable[int], pids: Iterable[int]) -> tuple[dict[int, list[int]], list[int]]:
    """Which processes hold each socket inode, lowest process first, and the processes that we may not look into."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    owners: dict[int, list[int]] = {}
    denied = []
    for pid in sorted(pids):
        try:
            descriptors = os.listdir(f"/proc/{pid}/fd")  # noqa: PTH208
            targets = {_link(f"/proc/{pid}/fd/{descriptor}") for descriptor in descriptors}
        except PermissionError:
            denied.append(pid)
            continue
        except OSError:
            continue
        if descriptors and targets == {None}:
            denied.append(pid)
        for target in targets:
            if target in wanted:
                owners.setdefault(wanted[target], []).append(pid)
    return owners, denied
