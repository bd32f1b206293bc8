"""Listening sockets as endpoints, each with what it speaks. Who owns one is told by the software's `listens_on`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Optional

from agent.discovery.collector import Look
from agent.discovery.programs import Program, Programs
from agent.discovery.sniff import Target, sniff
from agent.discovery.sockets import Socket, read_ephemeral_ports
from agent.wire import Item

NEW_PER_SCAN = 64


def endpoint_key(held: Socket, namespace: Optional[str], programs: Programs) -> str:
    """`tcp/0.0.0.0:80`; in a network namespace of its own `tcp/0.0.0.0:80@` and the program that it is the home of."""
    if namespace in (None, programs.own_namespace):
        return held.key
    home = min((program.key for program in programs.programs if program.namespace == namespace), default="namespace")
    return f"{held.key}@{home}"


def listed(programs: Programs, ephemeral: range) -> Iterator[tuple[str, Socket, Optional[Program], bool]]:
    """Key, socket, owner and whether it is the host's own, for each endpoint once.

    A UDP socket at a port that the kernel chose is somebody's question, not a service.
    """
    seen = set()
    for namespace, sockets in sorted(programs.sockets.items()):
        for held in sockets:
            if not held.is_listening or (held.protocol == "udp" and held.port in ephemeral):
                continue
            key = endpoint_key(held, namespace, programs)
            if key not in seen:
                seen.add(key)
                yield key, held, programs.owners.get(held.inode), namespace == programs.own_namespace


def collect_endpoints(look: Look) -> Iterable[Item]:
    """Every listening socket of every network namespace in sight."""
    programs = look.shared.programs
    found = list(listed(programs, read_ephemeral_ports()))
    _say_what_is_hidden(look, found, programs.denied)
    protocols = _protocols(look, found)
    return [_item(key, held, owner, protocols.get(key)) for key, held, owner, _ in found]


def _say_what_is_hidden(look: Look, found: list[tuple[str, Socket, Optional[Program], bool]], denied: int) -> None:
    nameless = sum(1 for _, _, owner, _ in found if owner is None)
    said = f"owners of {nameless} endpoints and sockets of other network namespaces ({denied} processes denied)"
    if denied and not look.privileged:
        look.missed.append(said)
    elif nameless:
        look.notes.append(f"the owners of {nameless} endpoints are hidden")


def _item(key: str, held: Socket, owner: Optional[Program], protocol: Optional[str]) -> Item:
    attributes: dict[str, Any] = {
        "transport": held.protocol,
        "address": held.address,
        "port": held.port,
        "user": held.uid,
    }
    if owner is not None:
        attributes["software"] = owner.key
    if "@" in key:
        attributes["namespace"] = key.partition("@")[2]
    if protocol is not None:
        attributes["protocol"] = protocol
    return Item(
        class_="endpoint",
        key=key,
        name=key,
        attributes=attributes,
        metrics={} if owner is None else {"pid": owner.main.pid},
        relations=(("part_of", "host", "host"),),
    )


def _protocols(look: Look, found: Iterable[tuple[str, Socket, Optional[Program], bool]]) -> dict[str, str]:
    """What each TCP endpoint on an own address speaks: remembered from the last scan, else asked.

    Asked are those whose owner is known, or may not be known to us; a socket that hides its owner from root is the
    kernel's or another system's, and left alone.
    """
    if not look.limits.sniff:
        return {}
    known: dict[str, str] = {}
    remembered = look.memory.get("protocols", {})
    marks: dict[str, str] = {}
    targets: list[Target] = []
    for key, held, owner, is_own in found:
        if held.protocol != "tcp" or not is_own or (owner is None and look.privileged):
            continue
        marks[key] = f"{owner.main.pid}:{owner.main.start}" if owner else str(held.inode)
        mark, _, protocol = remembered.get(key, "").partition(" ")
        if mark == marks[key]:
            known[key] = protocol
        elif len(targets) < NEW_PER_SCAN:
            targets.append(Target(key, held.address, held.port))
    known.update(sniff(targets))
    look.memory["protocols"] = {key: f"{marks[key]} {protocol}" for key, protocol in known.items()}
    return known
