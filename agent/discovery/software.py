"""Running programs as software: what it is, who runs it, from which package, where it listens."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable
from typing import Any, Optional

from agent.discovery.collector import Look
from agent.discovery.dpkg import owners_of_files
from agent.discovery.endpoint import listed
from agent.discovery.programs import Program
from agent.discovery.secrets import mask_command
from agent.discovery.sockets import read_ephemeral_ports
from agent.wire import Item

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def collect_software(look: Look) -> Iterable[Item]:
    """One item a program, with the endpoints that it listens on."""
    programs = look.shared.programs
    if programs.denied and not look.privileged:
        look.missed.append(f"executables and sockets of {programs.denied} processes of other users")
    endpoints: dict[str, list[str]] = {}
    for key, _, owner, _ in listed(programs, read_ephemeral_ports()):
        if owner is not None:
            endpoints.setdefault(owner.key, []).append(key)
    # What runs in a container is from its image, whatever the host has at the same path.
    executables = {program.key: program.main.exe for program in programs.programs if program.kind != "container"}
    packages = _packages(look, {path for path in executables.values() if path})
    return [
        software_item(program, endpoints.get(program.key, []), packages.get(executables.get(program.key) or ""))
        for program in programs.programs
    ]


def software_item(program: Program, endpoints: Iterable[str], package: Optional[tuple[str, str]]) -> Item:
    """The item of a program; `package` is the key and version of the package that its executable is from."""
    main = program.main
    attributes: dict[str, Any] = {
        "kind": program.kind,
        "command": mask_command(main.command),
        "user": _user(main.uid),
    }
    relations: list[tuple[str, str, str]] = [("runs_on", "host", "host")]
    if main.exe is not None:
        attributes["exe"] = main.exe
    if program.kind == "unit":
        relations.append(("part_of", "unit", program.key))
    if package is not None:
        attributes["package"], attributes["version"] = package
        relations.append(("uses", "package", package[0]))
    relations += [("listens_on", "endpoint", key) for key in sorted(endpoints)]
    return Item(
        class_="software",
        key=program.key,
        name=program.name,
        attributes=attributes,
        metrics={
            "pid": main.pid,
            "processes": len(program.processes),
            "cpu_s": sum(process.cpu_ticks for process in program.processes) / _TICKS,
            "resident_bytes": sum(process.resident_pages for process in program.processes) * _PAGE_BYTES,
        },
        relations=tuple(relations),
    )


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _packages(look: Look, executables: set[str]) -> dict[str, tuple[str, str]]:
    """The package of each executable; which is asked once, as long as the packages are the same."""
    try:
        mark = os.stat("/var/lib/dpkg/status").st_mtime_ns  # noqa: PTH116
    except OSError:
        return {}
    known: dict[str, Any] = look.memory.get("packages", {}) if look.memory.get("mark") == mark else {}
    if not executables <= known.keys():
        known = {**dict.fromkeys(executables), **owners_of_files(executables)}
    look.memory.update(packages=known, mark=mark)
    return {path: (found[0], found[1]) for path, found in known.items() if found}
