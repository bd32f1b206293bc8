"""Addresses of the host's interfaces, asked of the kernel by rtnetlink(7): what `ip address` shows."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from agent.discovery.collector import Look
from agent.wire import Item

_NETLINK_ROUTE = 0
_RTM_GETADDR, _RTM_NEWADDR = 22, 20
_NLMSG_DONE, _NLMSG_ERROR = 3, 2
_REQUEST_DUMP = 0x1 | 0x300
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8
_TEMPORARY, _DEPRECATED, _TENTATIVE, _PERMANENT = 0x01, 0x20, 0x40, 0x80
_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host"}


class Address(NamedTuple):
    interface: str
    address: str
    prefix: int
    scope: str
    version: int
    flags: int

    @property
    def key(self) -> str:
        return f"{self.interface}/{self.address}/{self.prefix}"

    @property
    def is_passing(self) -> bool:
        """A privacy address (RFC 8981): a new one each day, an old one for a week."""
        return self.version == 6 and bool(self.flags & _TEMPORARY)


def parse_messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each netlink message in a datagram."""
    at = 0
    while at + 16 <= len(data):
        length, type_ = struct.unpack_from("=IH", data, at)
        if length < 16 or at + length > len(data):
            return
        yield type_, data[at + 16 : at + length]
        at += (length + 3) & ~3


def parse_attributes(data: bytes) -> dict[int, bytes]:
    """Routing attributes by type; the last of a type wins."""
    found = {}
    at = 0
    while at + 4 <= len(data):
        length, type_ = struct.unpack_from("=HH", data, at)
        if length < 4 or at + length > len(data):
            break
        found[type_ & 0x3FFF] = data[at + 4 : at + length]
        at += (length + 3) & ~3
    return found


def parse_address(body: bytes, names: dict[int, str]) -> Address:
    """One RTM_NEWADDR. IFA_LOCAL is the own address, IFA_ADDRESS the peer's on a point-to-point link."""
    family, prefix, flags, scope, index = struct.unpack_from("=BBBBI", body)
    attributes = parse_attributes(body[8:])
    if _IFA_FLAGS in attributes:
        flags = struct.unpack("=I", attributes[_IFA_FLAGS])[0]
    raw = attributes.get(_IFA_LOCAL) or attributes[_IFA_ADDRESS]
    return Address(
        interface=names.get(index, str(index)),
        address=socket.inet_ntop(family, raw),
        prefix=prefix,
        scope=_SCOPES.get(scope, str(scope)),
        version=4 if family == socket.AF_INET else 6,
        flags=flags,
    )


def read_addresses() -> list[Address]:
    """All addresses of the agent's own network namespace."""
    names = dict(socket.if_nameindex())
    addresses: list[Address] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_ROUTE) as channel:
        channel.settimeout(2.0)
        request = struct.pack("=IHHIIB7x", 24, _RTM_GETADDR, _REQUEST_DUMP, 1, 0, socket.AF_UNSPEC)
        channel.send(request)
        while True:
            for type_, body in parse_messages(channel.recv(1 << 16)):
                if type_ in (_NLMSG_DONE, _NLMSG_ERROR):
                    return addresses
                if type_ == _RTM_NEWADDR and body[0] in (socket.AF_INET, socket.AF_INET6):
                    addresses.append(parse_address(body, names))


def address_item(address: Address) -> Item:
    """The item of an address of an interface."""
    return Item(
        class_="address",
        key=address.key,
        name=address.address,
        attributes={
            "interface": address.interface,
            "address": address.address,
            "prefix": address.prefix,
            "version": address.version,
            "scope": address.scope,
            "dynamic": not address.flags & _PERMANENT,
        },
        relations=(("part_of", "interface", address.interface),),
    )


def collect_addresses(look: Look) -> Iterable[Item]:
    """All lasting addresses."""
    return [
        address_item(address)
        for address in read_addresses()
        if not address.is_passing and not address.interface.startswith("veth")
    ]
