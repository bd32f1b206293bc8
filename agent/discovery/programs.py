"""Processes grouped into the programs that people know, with the sockets that each holds.

A program is a systemd unit, a container, or else a process group: a process with those of its descendants that run
the same program. Its key holds no pid, so that a restart is the same program.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, Optional

from agent.discovery.processes import Process, owners_of, read_processes
from agent.discovery.sockets import Socket, read_ephemeral_ports, read_sockets
from agent.discovery.source import read_line

_CONTAINER = re.compile(
    r"(?:^|[/:-])(?:(docker|libpod|crio|cri-containerd|containerd|lxc)[-/:](?:conmon-)?)?([0-9a-f]{64})(?:\.scope)?(?:/|$)"
)
_LXC = re.compile(r"/lxc(?:\.payload)?[./]([\w.-]+)")
_UNIT = re.compile(r"/([^/]+\.service)(?:/|$)")
_USER_MANAGER = re.compile(r"/user@(\d+)\.service/(?:.*/)?([^/]+\.service)(?:/|$)")
_INTERPRETER = re.compile(r"^(?:python|pypy|perl|ruby|node|nodejs|php|bash|sh|dash|zsh|ksh|busybox)[\d.]*(?:-\d+)?$")
_VERSION_TAIL = re.compile(r"[\d.]+$")
_SHELLS = frozenset({"bash", "sh", "dash", "zsh", "ksh", "ash", "fish", "busybox"})


class Place(NamedTuple):
    """Where a process belongs: `kind` is unit, container or group."""

    kind: str
    key: str


@dataclass
class Program:
    """A running program. `processes` begins with the one that the others descend from."""

    kind: str
    key: str
    name: str
    processes: list[Process]
    namespace: Optional[str] = None
    sockets: list[Socket] = field(default_factory=list)

    @property
    def main(self) -> Process:
        return self.processes[0]


@dataclass
class Programs:
    """What one look at the processes gave. `own_namespace` is the agent's; sockets of others are by namespace."""

    programs: list[Program]
    sockets: dict[str, list[Socket]]  # by network namespace
    owners: dict[int, Program]  # by socket inode
    own_namespace: str
    denied: int = 0  # processes that we may not look into


def place_of(process: Process, containers: Mapping[str, str]) -> Optional[Place]:
    """The unit or container of a process by its cgroup; None where it is in neither.

    `containers` are their engines' names for them, by the first 12 digits of their ids.
    """
    container = _CONTAINER.search(process.cgroup)
    if container:
        identity = container.group(2)[:12]
        return Place("container", containers.get(identity, identity))
    lxc = _LXC.search(process.cgroup)
    if lxc:
        return Place("container", lxc.group(1))
    if process.machine:  # its host name is the beginning of its id, where its engine gave it no other
        return Place("container", containers.get(process.machine, process.machine))
    of_user = _USER_MANAGER.search(process.cgroup)
    if of_user:
        return Place("unit", f"user@{of_user.group(1)}/{of_user.group(2)}")
    unit = _UNIT.search(process.cgroup)
    if unit:
        return Place("unit", unit.group(1))
    return None


def program_name(process: Process) -> str:
    """What people call it: the script for an interpreter, the jar for Java, else the executable."""
    command = process.command
    exe = process.exe if process.exe and not process.exe.startswith("/memfd:") else None
    executable = (exe or (command[0] if command else "") or process.name).rpartition("/")[2]
    executable = executable.rstrip(":") or process.name
    if executable == "java":
        return _java_name(command) or executable
    if _INTERPRETER.match(executable) or _INTERPRETER.match(_base(command[0]) if command else ""):
        return _script_name(command[1:]) or executable
    return executable


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _script_name(arguments: tuple[str, ...]) -> str:
    previous = ""
    for argument in arguments:
        if previous == "-m":
            return argument
        if argument in ("-c", "-e", "-ec", "-lc"):
            return ""
        if argument and not argument.startswith("-") and previous not in ("-W", "-X", "-r", "-I"):
            name = _base(argument)
            return "" if name.isdigit() else name
        previous = argument
    return ""


def _java_name(command: tuple[str, ...]) -> str:
    for at, argument in enumerate(command[1:], 1):
        if argument == "-jar" and at + 1 < len(command):
            return _VERSION_TAIL.sub("", _base(command[at + 1]).replace(".jar", "")).rstrip("-")
        if not argument.startswith("-") and command[at - 1] not in ("-cp", "-classpath", "--module-path", "-p"):
            return argument.rpartition(".")[2]
    return ""


def group(
    processes: Iterable[Process],
    listening: Mapping[int, list[Socket]],
    connected: frozenset[int] = frozenset(),
    ephemeral: range = range(32768, 61000),
    containers: Mapping[str, str] = MappingProxyType({}),
) -> list[Program]:
    """The programs among these processes, by key.

    `listening` are the listening sockets by pid, `connected` the pids that hold a lasting connection.
    Outside of units and containers a process counts when it listens, is connected, or is a daemon: without terminal
    and the child of init. A shell that does none of these is nobody's configuration item.
    """
    known = {process.pid: process for process in processes}
    places = {pid: place_of(process, containers) for pid, process in known.items()}
    names = {pid: program_name(process) for pid, process in known.items() if places[pid] is None}
    tops = {pid: _top(known[pid], known, names) for pid in names}
    sockets: dict[int, list[Socket]] = {}
    for pid, held in listening.items():
        if pid in tops:
            sockets.setdefault(tops[pid], []).extend(held)
    lasting = {tops[pid] for pid in connected if pid in tops}
    members: dict[Place, list[Process]] = {}
    for pid, process in known.items():
        place = places[pid]
        if place is None:
            top = tops[pid]
            if top not in sockets and top not in lasting and not _is_daemon(known[top], names[top]):
                continue
            place = Place("group", _group_key(names[top], sockets.get(top, ()), ephemeral))
        members.setdefault(place, []).append(process)
    return [_program(place, found) for place, found in sorted(members.items())]


def _top(process: Process, known: Mapping[int, Process], names: Mapping[int, str]) -> int:
    """The highest ancestor that runs the same program outside of units and containers."""
    for _ in range(64):
        parent = known.get(process.parent)
        if parent is None or parent.pid == 1 or names.get(parent.pid) != names[process.pid]:
            break
        process = parent
    return process.pid


def _is_daemon(process: Process, name: str) -> bool:
    return process.parent == 1 and not process.terminal and name not in _SHELLS


def _group_key(name: str, sockets: Iterable[Socket], ephemeral: range) -> str:
    """Two servers of one program differ by their lowest port; one that the kernel chose says nothing."""
    ports = [held.port for held in sockets if held.port not in ephemeral]
    return f"{name}:{min(ports)}" if ports else name


def _program(place: Place, processes: list[Process]) -> Program:
    inside = {process.pid for process in processes}
    processes = sorted(processes, key=lambda process: (process.parent in inside, process.start, process.pid))
    if place.kind == "unit":
        key, name = place.key, place.key.rpartition("/")[2][: -len(".service")]
    else:
        key, name = place.key, program_name(processes[0])
    if place.kind == "container":
        key = f"container/{place.key}"
    return Program(place.kind, key, name, processes, processes[0].namespace)


def holders(pids: Iterable[int], parents: Mapping[int, int]) -> list[int]:
    """Who really holds a socket: not init that passed it on, not a child that merely inherited it."""
    found = set(pids)
    if len(found) > 1:
        found.discard(1)
    return sorted(pid for pid in found if not _descends_from(pid, found, parents))


def _descends_from(pid: int, ancestors: set[int], parents: Mapping[int, int]) -> bool:
    for _ in range(64):
        pid = parents.get(pid, 0)
        if pid in ancestors:
            return True
        if pid <= 1:
            break
    return False


def look_at_programs(containers: Mapping[str, str]) -> Programs:
    """One look at /proc: processes, sockets of every network namespace in sight, and who holds them."""
    processes = read_processes()
    own = os.readlink("/proc/self/ns/net")  # noqa: PTH115
    sockets = _read_all_sockets(processes, own)
    by_inode = {held.inode: held for found in sockets.values() for held in found if held.inode}
    pids_by_inode, denied = owners_of(by_inode, [process.pid for process in processes])
    parents = {process.pid: process.parent for process in processes}
    held = {inode: holders(pids, parents) for inode, pids in pids_by_inode.items()}
    listening: dict[int, list[Socket]] = {}
    connected = set()
    lasting = _lasting(processes)
    for inode, pids in held.items():
        for pid in pids:
            if by_inode[inode].is_listening:
                listening.setdefault(pid, []).append(by_inode[inode])
            elif pid in lasting:
                connected.add(pid)
    programs = group(processes, listening, frozenset(connected), read_ephemeral_ports(), containers)
    return Programs(programs, sockets, _own(programs, held, by_inode), own, len(denied))


def _read_all_sockets(processes: Iterable[Process], own: str) -> dict[str, list[Socket]]:
    sockets = {own: read_sockets()}
    for process in processes:
        if process.namespace is not None and process.namespace not in sockets:
            try:
                sockets[process.namespace] = read_sockets(f"/proc/{process.pid}/net")
            except OSError:  # the process ended
                continue
    return sockets


def _lasting(processes: Iterable[Process]) -> frozenset[int]:
    """Processes without a terminal that have run for a minute: what connects longer than a command does."""
    before = (float(read_line("/proc/uptime").split()[0]) - 60.0) * os.sysconf("SC_CLK_TCK")
    return frozenset(process.pid for process in processes if not process.terminal and process.start < before)


def _own(
    programs: Iterable[Program], held: Mapping[int, list[int]], sockets: Mapping[int, Socket]
) -> dict[int, Program]:
    by_pid = {process.pid: program for program in programs for process in program.processes}
    owners: dict[int, Program] = {}
    for inode, pids in held.items():
        for program in {by_pid[pid].key: by_pid[pid] for pid in pids if pid in by_pid}.values():
            owners.setdefault(inode, program)
            program.sockets.append(sockets[inode])
    return owners
