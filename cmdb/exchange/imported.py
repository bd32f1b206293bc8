"""What an inventory says, in the items that an agent would report; and the small tools that its readers share.

Errors::

    Unreadable    the file is not of that format; `what` and `why` are for people
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from agent.discovery.clean import clean_item
from agent.wire import Item

OF_HOST = (("part_of", "host", "host"),)
INSTALLED = (("installed_on", "host", "host"),)
MOST_BYTES = 64 * 1024 * 1024
MOST_ITEMS = 200_000
_DISTRIBUTIONS = (
    ("debian", "debian"), ("red hat enterprise", "rhel"), ("redhat", "rhel"), ("centos", "centos"),
    ("oracle", "ol"), ("alma", "almalinux"), ("rocky", "rocky"), ("amazon", "amzn"), ("suse linux enterprise", "sles"),
    ("sles", "sles"), ("opensuse leap", "opensuse-leap"), ("opensuse tumbleweed", "opensuse-tumbleweed"),
    ("arch", "arch"), ("microsoft windows", "windows"), ("microsoft(r) windows", "windows"), ("mac", "macos"),
)  # fmt: skip
_VIRTUAL = re.compile(
    r"^(lo|docker|br-|veth|virbr|vnet|bond|team|tun|tap|ifb|wg|dummy|cni|flannel|cali|sit|vmnet|utun)"
)


class Unreadable(Exception):
    """The file is not of that format, or says nothing of a host."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")
        self.what, self.why = what, why


@dataclass(frozen=True)
class ImportedHost:
    """One host of a file: its own item and all others. `covers` are the classes that the file lists in full.

    `is_partial`: by its own words it says only a part of what there is.
    """

    host: Item
    items: tuple[Item, ...]
    covers: frozenset[str]
    is_partial: bool = False

    @property
    def name(self) -> str:
        return self.host.name


def imported(host: Item, items: Iterable[Item], *, is_partial: bool = False) -> ImportedHost:
    """The host with its items clean, each class and key once."""
    found: dict[tuple[str, str], Item] = {}
    for item in items:
        clean = clean_item(item)
        if clean.key and len(found) < MOST_ITEMS:
            found.setdefault((clean.class_, clean.key), clean)
    kept = tuple(found[name] for name in sorted(found))
    return ImportedHost(clean_item(host), kept, frozenset(item.class_ for item in kept), is_partial)


def decoded(text: str, what: str) -> Any:
    """The JSON document. Raises `Unreadable`."""
    if len(text) > MOST_BYTES:
        raise Unreadable(what, f"larger than {MOST_BYTES} bytes")
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(what, f"no JSON: {error}") from None


def pick(document: Any, *path: str) -> Any:
    """What lies at this path of nested mappings; None where nothing does."""
    for name in path:
        document = document.get(name) if isinstance(document, Mapping) else None
    return document


def mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """The mappings in a list, or the one that stands where a list is expected."""
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, Mapping):
            yield entry


def text(document: Any, *path: str) -> str:
    """What is said there as text; what means nothing (`NA`, `None`, `N/A`) is empty."""
    value = pick(document, *path)
    if value is None or isinstance(value, (list, Mapping)):
        return ""
    said = str(value).strip()
    return "" if said in ("NA", "N/A", "None", "null") else said


def number(document: Any, *path: str) -> int | None:
    """What is said there as a whole number; None for anything else, or below zero."""
    value = pick(document, *path)
    try:
        found = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found >= 0 else None


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def host_item(name: str, attributes: Mapping[str, Any], keys: Mapping[str, Any]) -> Item:
    """The item of the host, in its own words and keys."""
    return Item("host", "host", name, filled(attributes), keys=filled({"name": name, **keys}))


def address_items(interface: str, address: str, prefix: int | None) -> Iterator[Item]:
    """The item of an address; nothing for what is none."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return
    if prefix is None:
        prefix = parsed.max_prefixlen
    yield Item(
        class_="address",
        key=f"{interface}/{parsed}/{prefix}",
        name=str(parsed),
        attributes={"interface": interface, "address": str(parsed), "prefix": prefix, "version": parsed.version},
        relations=(("part_of", "interface", interface),),
    )


def prefix_of(netmask: str) -> int | None:
    """`255.255.255.0` or `ffff:ffff::` as a number of bits; None for what is no mask."""
    try:
        bits = int(ipaddress.ip_address(netmask.partition("/")[0]))
    except ValueError:
        return None
    return bin(bits).count("1")


def plain_mac(address: str) -> str:
    """`02:fc:00:00:00:01` however it was written; empty for none, zeros included."""
    mac = address.strip().lower().replace("-", ":")
    return mac if re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", mac) and mac.strip("0:") else ""


def is_physical(interface: str) -> bool:
    """Whether an interface of this name is one of the machine's own ports, as far as a name tells."""
    return not _VIRTUAL.match(interface)


def distribution_id(name: str) -> str:
    """A distribution's name as os-release(5) has it in ID: `Debian GNU/Linux` is `debian`."""
    plain = name.strip().lower()
    return next((id_ for beginning, id_ in _DISTRIBUTIONS if plain.startswith(beginning)), plain)


def fingerprint_of_sshfp(record: str) -> str:
    """`SSHFP 4 2 f7df…` (RFC 4255, SHA-256) as OpenSSH prints it; empty for what is none."""
    fields = record.split()
    if len(fields) != 4 or fields[2] != "2":
        return ""
    try:
        return "SHA256:" + base64.b64encode(bytes.fromhex(fields[3])).decode().rstrip("=")
    except (ValueError, binascii.Error):
        return ""
