"""Listening sockets as endpoints, with what they speak and the certificates they show.

Who owns one is told by the software's `listens_on`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any, Optional

from agent.discovery.certificate import certificate_item
from agent.discovery.collector import Look
from agent.discovery.programs import Program, Programs
from agent.discovery.sniff import Spoken, Target, sniff
from agent.discovery.sockets import Socket, read_ephemeral_ports
from agent.wire import Item
from checks.x509 import NotDer

NEW_PER_SCAN = 64
CERTIFICATE_AGE_S = 6 * 3600.0
Listed = tuple[str, Socket, Optional[Program], bool]


def endpoint_key(held: Socket, namespace: Optional[str], programs: Programs) -> str:
    """`tcp/0.0.0.0:80`; in a network namespace of its own `tcp/0.0.0.0:80@` and the program that it is the home of."""
    if namespace in (None, programs.own_namespace):
        return held.key
    home = min((program.key for program in programs.programs if program.namespace == namespace), default="namespace")
    return f"{held.key}@{home}"


def listed(programs: Programs, ephemeral: range) -> Iterator[Listed]:
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
    """Every listening socket of every network namespace in sight, and the certificates of those that speak TLS."""
    programs = look.shared.programs
    found = list(listed(programs, read_ephemeral_ports()))
    _say_what_is_hidden(look, found, programs.denied)
    spoken = _spoken(look, found)
    items = [_item(key, held, owner, spoken.get(key)) for key, held, owner, _ in found]
    return items + list(_certificates(spoken))


def _certificates(spoken: dict[str, Spoken]) -> Iterator[Item]:
    now = datetime.now(timezone.utc)
    for key, (_, certificate) in spoken.items():
        with contextlib.suppress(NotDer):
            if certificate:
                yield certificate_item(key, certificate, now, endpoint=key)


def _say_what_is_hidden(look: Look, found: list[Listed], denied: int) -> None:
    nameless = sum(1 for _, _, owner, _ in found if owner is None)
    said = f"owners of {nameless} endpoints and sockets of other network namespaces ({denied} processes denied)"
    if denied and not look.privileged:
        look.missed.append(said)
    elif nameless:
        look.notes.append(f"the owners of {nameless} endpoints are hidden")


def _item(key: str, held: Socket, owner: Optional[Program], spoken: Optional[Spoken]) -> Item:
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
    if spoken is not None:
        attributes["protocol"] = spoken.protocol
    return Item(
        class_="endpoint",
        key=key,
        name=key,
        attributes=attributes,
        metrics={} if owner is None else {"pid": owner.main.pid},
        relations=(("part_of", "host", "host"),),
    )


def _spoken(look: Look, found: Iterable[Listed]) -> dict[str, Spoken]:
    """What each TCP endpoint on an own address speaks: remembered from the last scan, else asked.

    Asked are those whose owner is known, or may not be known to us; a socket that hides its owner from root is the
    kernel's or another system's, and left alone. One that speaks TLS is asked again when its certificate may be new.
    """
    if not look.limits.sniff:
        return {}
    remembered = look.memory.get("spoken", {})
    now = time.time()
    known: dict[str, tuple[str, float, Spoken]] = {}
    marks: dict[str, str] = {}
    targets: list[Target] = []
    for key, held, owner, is_own in found:
        if held.protocol != "tcp" or not is_own or (owner is None and look.privileged):
            continue
        marks[key] = f"{owner.main.pid}:{owner.main.start}" if owner else str(held.inode)
        mark, asked_at, protocol, certificate = remembered.get(key, ("", 0.0, "", b""))
        if mark == marks[key]:  # holds also where the endpoint is asked again and happens to be too busy to answer
            known[key] = (mark, asked_at, Spoken(protocol, certificate))
            if not certificate or now - asked_at < CERTIFICATE_AGE_S:
                continue
        if len(targets) < NEW_PER_SCAN:
            targets.append(Target(key, held.address, held.port))
    for key, spoken in sniff(targets).items():
        known[key] = (marks[key], now, spoken)
    look.memory["spoken"] = {key: (mark, asked_at, *spoken) for key, (mark, asked_at, spoken) in known.items()}
    return {key: spoken for key, (_, _, spoken) in known.items()}
