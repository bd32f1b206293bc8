"""Sockets as /proc/net shows them: who listens where. Not who owns them, nor what they speak."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

from agent.discovery.source import read_text

LISTEN = 0x0A
ESTABLISHED = 0x01
_UNCONNECTED = 0x07  # a UDP socket without a peer
_LITTLE = struct.pack("=I", 1) == b"\1\0\0\0"


class Socket(NamedTuple):
    protocol: str  # tcp | udp
    address: str
    port: int
    peer_address: str
    peer_port: int
    state: int
    uid: int
    inode: int
    version: int  # 4 | 6

    @property
    def key(self) -> str:
        """`tcp/0.0.0.0:80`, `udp/[::]:53`."""
        host = f"[{self.address}]" if self.version == 6 else self.address
        return f"{self.protocol}/{host}:{self.port}"

    @property
    def is_listening(self) -> bool:
        return self.state == (LISTEN if self.protocol == "tcp" else _UNCONNECTED)


def parse_address(text: str) -> tuple[str, int]:
    """`0100007F:0016` → ("127.0.0.1", 22). The kernel prints 32-bit words in the machine's byte order."""
    address, _, port = text.partition(":")
    raw = bytes.fromhex(address)
    if _LITTLE:
        raw = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    family = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, raw), int(port, 16)


def parse_sockets(text: str, protocol: str, version: int, states: frozenset[int]) -> list[Socket]:
    """/proc/net/{tcp,tcp6,udp,udp6}: the sockets in one of `states`."""
    sockets = []
    for line in text.splitlines()[1:]:
        fields = line.split(None, 10)
        if len(fields) < 10 or int(fields[3], 16) not in states:
            continue
        address, port = parse_address(fields[1])
        peer_address, peer_port = parse_address(fields[2])
        sockets.append(
            Socket(
                protocol, address, port, peer_address, peer_port,
                int(fields[3], 16), int(fields[7]), int(fields[9]), version,
            )
        )  # fmt: skip
    return sockets


def read_sockets(folder: str = "/proc/net") -> list[Socket]:
    """Listening and established sockets of the network namespace that `folder` belongs to."""
    sockets = []
    for protocol, states in (("tcp", frozenset({LISTEN, ESTABLISHED})), ("udp", frozenset({_UNCONNECTED}))):
        for version, suffix in ((4, ""), (6, "6")):
            try:
                text = read_text(f"{folder}/{protocol}{suffix}")
            except FileNotFoundError:  # IPv6 is switched off
                continue
            sockets += parse_sockets(text, protocol, version, states)
    return sockets


def read_ephemeral_ports() -> range:
    """The ports that the kernel gives to whoever asks for none."""
    try:
        low, high = read_text("/proc/sys/net/ipv4/ip_local_port_range").split()
    except (OSError, ValueError):
        return range(32768, 61000)
    return range(int(low), int(high) + 1)
