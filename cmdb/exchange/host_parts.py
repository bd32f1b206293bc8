"""The items of a host's own parts, as every inventory of machines has them: what readers of facts share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agent.wire import Item
from cmdb.exchange.imported import OF_HOST, filled, is_physical, plain_mac

MOST_SOCKETS = 64


def os_item(name: str, attributes: Mapping[str, Any]) -> Item:
    """The operating system, by its full name."""
    return Item("os", "os", name, filled(attributes), relations=(("runs_on", "host", "host"),))


def memory_items(main_bytes: int | None, swap_bytes: int | None) -> Iterator[Item]:
    """Main memory and swap, those that there are."""
    for key, name, size_bytes in (("memory", "main memory", main_bytes), ("swap", "swap", swap_bytes)):
        if size_bytes:
            yield Item("memory", key, name, {"size_bytes": size_bytes}, relations=OF_HOST)


def processor_items(model: str, sockets: int, attributes: Mapping[str, Any]) -> Iterator[Item]:
    """One a socket; none where no model is known."""
    for socket in range(min(sockets, MOST_SOCKETS) if model else 0):
        yield Item("cpu", str(socket), model, filled(attributes), relations=OF_HOST)


def part_item(class_: str, name: str, attributes: Mapping[str, Any], metrics: Mapping[str, Any] | None = None) -> Item:
    """A part that is known by its name: a disk, a file system, an interface."""
    return Item(class_, name, name, filled(attributes), filled(metrics or {}), relations=OF_HOST)


def card_macs(interfaces: Iterable[tuple[str, str]]) -> list[str]:
    """Of interfaces by name and address, the addresses of those that are the machine's own cards."""
    return sorted({plain_mac(mac) for name, mac in interfaces if is_physical(name)} - {""})
