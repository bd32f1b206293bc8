"""Where things can be reached: addresses of hosts, listeners, containers. Kept from CI documents, one at a time.

An address that several hosts have (a container bridge, a VIP that moved) is nobody's: only the host itself, asking
for its own, can mean one of them.
"""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

CLASSES = ("address", "endpoint", "software", "container", "database")
_ANY = ("0.0.0.0", "::")


class Place(NamedTuple):
    """What one CI contributes: `kind` says which table, `host` whose, the rest what."""

    kind: str
    host: str
    name: tuple[Any, ...]
    value: str


class Places:
    """All places of the fleet. `put` and `drop` say which addresses now mean something else."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[Place, ...]] = {}
        # How many CIs say so: a container is recreated before the one of the same name and port is gone.
        self._hosts: dict[str, Counter[str]] = defaultdict(Counter)
        self._addresses: dict[str, Counter[str]] = defaultdict(Counter)
        self._programs: dict[str, Counter[str]] = defaultdict(Counter)
        self._table: dict[tuple[str, str, tuple[Any, ...]], Counter[str]] = defaultdict(Counter)

    def put(self, document: Mapping[str, Any]) -> set[str]:
        """Take a CI as it is now; the hosts and addresses whose meaning that changes."""
        wanted = tuple(_places(document)) if document.get("status") == "in_use" else ()
        before = self._of.get(document["id"], ())
        if wanted == before:
            return set()
        touched = self.drop(document["id"])
        if wanted:
            self._of[document["id"]] = wanted
        for place in wanted:
            for index, name, value in self._indexed(place):
                index[name][value] += 1
        return touched | self._meant(wanted)

    def drop(self, id_: str) -> set[str]:
        """Forget a CI; the hosts and addresses whose meaning that changes."""
        gone = self._of.pop(id_, ())
        touched = self._meant(gone)
        for place in gone:
            for index, name, value in self._indexed(place):
                index[name][value] -= 1
                if not index[name][value]:
                    del index[name][value]
                if not index[name]:
                    del index[name]
        return touched

    def _indexed(self, place: Place) -> Iterator[tuple[dict[Any, Counter[str]], Any, str]]:
        yield self._table, (place.kind, place.host, place.name), place.value
        if place.kind == "address":
            yield self._hosts, place.name[0], place.host
            yield self._addresses, place.host, place.name[0]
        elif place.kind == "software":
            yield self._programs, place.host, place.value

    def _meant(self, places: tuple[Place, ...]) -> set[str]:
        hosts = {place.host for place in places}
        return (
            hosts
            | {address for host in hosts for address in self._addresses.get(host, ())}
            | {place.name[0] for place in places if place.kind == "address"}
        )

    def software(self, host: str, key: str) -> str | None:
        """The id of a host's software by its key."""
        return self._one("software", host, (key,))

    def all_software(self, host: str) -> list[str]:
        """The ids of all software of a host."""
        return sorted(self._programs.get(host, ()))

    def database(self, host: str, software: str, port: int) -> str | None:
        """The id of the database that this software of a host serves at this port."""
        return self._one("database", host, (software, port))

    def host_of(self, address: str, asking: str) -> str | None:
        """The host that this address means to the one that asks."""
        hosts = self._hosts.get(address, ())
        if asking in hosts:
            return asking
        return next(iter(hosts)) if len(hosts) == 1 else None

    def container_at(self, host: str, address: str) -> str | None:
        """The key of the software in the container of this host that has this address."""
        return self._one("container", host, (address,))

    def listener(self, host: str, address: str, port: int) -> str | None:
        """The key of the software that answers at this address and port of the host itself."""
        published = self._one("published", host, (port,))
        if published is not None:
            return published
        for listening in (address, *_ANY):
            found = self._one("listener", host, (listening, port))
            if found is not None:
                return found
        return None

    def _one(self, kind: str, host: str, name: tuple[Any, ...]) -> str | None:
        return min(self._table.get((kind, host, name), ()), default=None)


def _places(document: Mapping[str, Any]) -> Iterator[Place]:
    host, attributes = document.get("host"), document.get("attributes") or {}
    if not host:
        return
    class_ = document["class"]
    if class_ == "software":
        yield Place("software", host, (document["key"],), document["id"])
    elif class_ == "address" and not _is_local(str(attributes.get("address"))):
        yield Place("address", host, (str(attributes["address"]),), document["id"])
    elif class_ == "endpoint" and attributes.get("software") and attributes.get("transport") == "tcp":
        if not attributes.get("namespace"):
            name = (str(attributes.get("address")), attributes.get("port"))
            yield Place("listener", host, name, str(attributes["software"]))
    elif class_ == "database":
        yield Place("database", host, (str(attributes.get("software")), attributes.get("port")), document["id"])
    elif class_ == "container":
        yield from _places_of_container(host, attributes)


def _places_of_container(host: str, attributes: Mapping[str, Any]) -> Iterator[Place]:
    software = f"container/{attributes.get('service', '')}"
    for address in attributes.get("addresses") or ():
        yield Place("container", host, (str(address),), software)
    for port in attributes.get("ports") or ():
        outside, arrow, _ = str(port).partition("->")
        number = outside.rpartition(":")[2]
        if arrow and number.isdigit():
            yield Place("published", host, (int(number),), software)


def _is_local(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return True
    return parsed.is_loopback or parsed.is_link_local
