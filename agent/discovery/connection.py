"""Lasting connections of this host's programs: what the hub maps dependencies from. Observations, not CIs.

Outgoing ones are by program and peer; incoming ones by endpoint and peer, unless the peers are too many to be
other machines of the house. Connections of a host with itself are outgoing ones, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from agent.discovery.collector import Look
from agent.discovery.endpoint import endpoint_key
from agent.discovery.programs import Programs
from agent.discovery.sockets import Socket
from agent.wire import Item

PEERS_PER_ENDPOINT = 32
PEERS_PER_PROGRAM = 256
_MAPPED = "::ffff:"


class Peer(NamedTuple):
    direction: str  # out | in
    program: str
    endpoint: str  # incoming: the own endpoint
    address: str
    port: int  # outgoing: the peer's; incoming: 0, for it means nothing
    namespace: str


def plain(address: str) -> str:
    """The IPv4 address that an IPv6 socket shows as `::ffff:192.0.2.1`; others as they are."""
    return address[len(_MAPPED) :] if address.startswith(_MAPPED) and "." in address else address


def peers(programs: Programs) -> Iterator[Peer]:
    """One for each established connection whose owner is known."""
    for namespace, sockets in programs.sockets.items():
        listening = {
            (held.port, held.address): held for held in sockets if held.is_listening and held.protocol == "tcp"
        }
        ports = {port: held for (port, _), held in listening.items()}
        for held in sockets:
            owner = programs.owners.get(held.inode)
            if held.is_listening or held.protocol != "tcp" or owner is None:
                continue
            served = listening.get((held.port, held.address)) or ports.get(held.port)
            if served is None:
                yield Peer("out", owner.key, "", plain(held.peer_address), held.peer_port, namespace)
            elif not _is_own(held):
                key = endpoint_key(served, namespace, programs)
                yield Peer("in", owner.key, key, plain(held.peer_address), 0, namespace)


def _is_own(held: Socket) -> bool:
    return plain(held.peer_address).startswith("127.") or held.peer_address in ("::1", held.address)


def connection_item(peer: Peer, count: int, own_namespace: str) -> Item:
    """The item of all connections of a program with one peer."""
    address = f"[{peer.address}]" if ":" in peer.address else peer.address
    outgoing = peer.direction == "out"
    key = f"{peer.program} > tcp/{address}:{peer.port}" if outgoing else f"{peer.endpoint} < {address}"
    attributes = {
        "direction": peer.direction,
        "software": peer.program,
        "endpoint": peer.endpoint,
        "peer_address": peer.address,
        "peer_port": peer.port,
        "namespace": "" if peer.namespace == own_namespace else peer.program,
    }
    return Item(
        class_="connection",
        key=key,
        name=key,
        attributes={name: value for name, value in attributes.items() if value},
        metrics={"connections": count},
        relations=(("part_of", "software", peer.program),),
    )


def connection_items(found: Iterable[Peer], own_namespace: str) -> list[Item]:
    """One item a program and peer. Those of an endpoint with too many peers, or of such a program, are left out."""
    counts: dict[Peer, int] = {}
    for peer in found:
        counts[peer] = counts.get(peer, 0) + 1
    spread: dict[str, int] = {}
    for peer in counts:
        spread[peer.endpoint or peer.program] = spread.get(peer.endpoint or peer.program, 0) + 1
    return [
        connection_item(peer, count, own_namespace)
        for peer, count in counts.items()
        if spread[peer.endpoint or peer.program] <= (PEERS_PER_ENDPOINT if peer.endpoint else PEERS_PER_PROGRAM)
    ]


def collect_connections(look: Look) -> Iterable[Item]:
    """All established TCP connections of known programs, in every network namespace in sight."""
    programs = look.shared.programs
    if programs.denied and not look.privileged:
        look.missed.append(f"connections of {programs.denied} processes of other users")
    return connection_items(peers(programs), programs.own_namespace)
