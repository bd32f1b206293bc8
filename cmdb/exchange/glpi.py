"""GLPI inventories in (github.com/glpi-project/inventory_format): computers, network equipment, printers, phones.

What has a class here becomes items; the other sections stay whole on the host as `glpi_<section>`, and the other fields
of a converted entry on its item as `glpi`, so that nothing that was said is lost on the way out again.
FusionInventory's and OCS's XML, from which that format comes, is read the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from agent.discovery.host import fingerprint
from agent.wire import Item
from cmdb.exchange.imported import (
    INSTALLED,
    OF_HOST,
    ImportedHost,
    Unreadable,
    address_items,
    decoded,
    distribution_id,
    filled,
    host_item,
    imported,
    is_physical,
    mappings,
    number,
    pick,
    plain_mac,
    prefix_of,
    text,
)

COMPUTER = "Computer"  # what a document is of that does not say it
DISK = "disk"
MIB = 1024 * 1024
MB = 1000 * 1000  # of disks, which are sold by it
_HOST_SECTIONS = ("hardware", "bios", "operatingsystem", "network_device", "versionclient", "versionprovider")
# What is true for a moment only: it would make a history row of every inventory. And what may be a secret.
_PASSING = ("processes", "accesslog", "users", "envs")
_PASSING_HARDWARE = ("lastloggeduser", "datelastloggeduser", "etime")
MANAGERS = {"deb": "dpkg", "rpm": "rpm", "apk": "apk", "python": "pip", "npm": "npm"}
Entry = Mapping[str, Any]


def read(source: str) -> list[ImportedHost]:
    """The one device of an inventory. Raises `Unreadable`."""
    document = _from_xml(source) if source.lstrip()[:1] == "<" else decoded(source, "glpi")
    content = pick(document, "content")
    if not isinstance(content, Mapping) or not text(document, "deviceid"):
        raise Unreadable("glpi", "no `deviceid` and `content`: is this a GLPI inventory?")
    items = [
        item
        for section, item_of in _SECTIONS.items()
        for entry in mappings(content.get(section) or [])
        for item in item_of(entry)
    ]
    hardware = content.get("hardware") or {}
    for key, name in (("memory", "main memory"), ("swap", "swap")):
        if number(hardware, key):
            items.append(
                Item("memory", key, name, {"size_bytes": (number(hardware, key) or 0) * MIB}, relations=OF_HOST)
            )
    packages = _softwares(list(mappings(content.get("softwares") or [])))
    ports = _ports(list(mappings(content.get("network_ports") or [])))
    everything = [*items, *packages, *ports, *_os(content), *_processors(content)]
    return [imported(_host(document, content), everything, is_partial=_is_true(document.get("partial")))]


def _is_true(value: Any) -> bool:
    """XML has its truths as text."""
    return value not in (None, False, 0, "", "0", "false")


def _rest(entry: Entry, *used: str) -> dict[str, Any]:
    """What an entry says beyond the fields that were used."""
    kept = filled({name: value for name, value in entry.items() if name not in used})
    return {"glpi": kept} if kept else {}


def _host(document: Entry, content: Entry) -> Item:
    hardware, bios, system = (content.get(name) or {} for name in ("hardware", "bios", "operatingsystem"))
    device = content.get("network_device") or {}
    name = text(hardware, "name") or text(device, "name") or text(document, "deviceid")
    physical = [one for one in mappings(content.get("networks") or []) if is_physical(text(one, "description"))]
    macs = {
        plain_mac(text(one, "mac"))
        for one in physical
        if not _is_true(one.get("virtualdev")) and not _is_true(one.get("management"))
    }
    keys = {
        "domain": text(system, "dns_domain"),
        "dmi_uuid": text(hardware, "uuid"),
        "serial": text(bios, "ssn") or text(device, "serial"),
        "board_serial": text(bios, "msn"),
        "vendor": text(bios, "smanufacturer") or text(device, "manufacturer"),
        "macs": sorted((macs | {plain_mac(text(device, "mac"))}) - {""}),
        "ssh_host_key": [found for found in [fingerprint(text(system, "ssh_key"))] if found],
    }
    attributes = {
        "item_type": text(document, "itemtype") or COMPUTER,
        "vendor": keys["vendor"],
        "product": text(bios, "smodel") or text(device, "model"),
        "board_vendor": text(bios, "mmanufacturer"),
        "board_product": text(bios, "mmodel"),
        "chassis_type": text(hardware, "chassis_type").lower(),
        "firmware_vendor": text(bios, "bmanufacturer"),
        "firmware_version": text(bios, "bversion") or text(device, "firmware"),
        "firmware_date": text(bios, "bdate"),
        "domain": keys["domain"],
        "glpi_deviceid": text(document, "deviceid"),
        "glpi_tag": text(document, "tag"),
        "glpi_hardware": _rest(hardware, *_PASSING_HARDWARE, "memory", "swap", "uuid", "name").get("glpi"),
        "glpi_bios": filled(bios),
        "glpi_network_device": filled(device),
    }
    untouched = {
        f"glpi_{name}": value
        for name, value in content.items()
        if name not in (*_SECTIONS, *_HOST_SECTIONS, *_PASSING, "cpus", "softwares", "network_ports")
    }
    return host_item(name.partition(".")[0], {**attributes, **untouched}, keys)


def _os(content: Entry) -> Iterator[Item]:
    system = content.get("operatingsystem") or {}
    if system:
        attributes = {
            "distribution": distribution_id(text(system, "name")),
            "version": text(system, "version"),
            "kernel": text(system, "kernel_version"),
            "kernel_name": text(system, "kernel_name"),
            "architecture": text(system, "arch"),
            **_rest(system, "kernel_version", "kernel_name", "arch", "version", "boot_time", "full_name"),
        }
        name = text(system, "full_name") or text(system, "name")
        yield Item(
            "os",
            "os",
            name,
            filled(attributes),
            filled({"boot_time": text(system, "boot_time")}),
            relations=(("runs_on", "host", "host"),),
        )


def _processors(content: Entry) -> Iterator[Item]:
    for at, entry in enumerate(mappings(content.get("cpus") or [])):
        attributes = {
            "vendor": text(entry, "manufacturer"),
            "family": text(entry, "familynumber"),
            "model": text(entry, "model"),
            "stepping": text(entry, "stepping"),
            "cores": number(entry, "core"),
            "threads": number(entry, "thread"),
            "max_mhz": number(entry, "speed"),
            **_rest(entry, "manufacturer", "familynumber", "model", "stepping", "core", "thread", "speed", "name"),
        }
        yield Item("cpu", str(at), text(entry, "name") or "processor", filled(attributes), relations=OF_HOST)


def _drive(entry: Entry) -> Iterator[Item]:
    where = (text(entry, name) for name in ("type", "letter", "volumn", "label", "description", "serial"))
    point = next(filter(None, where), "")
    total = number(entry, "total")
    attributes = {
        "device": text(entry, "volumn"),
        "type": text(entry, "filesystem"),
        "size_bytes": total * MIB if total else None,
        **_rest(entry, "volumn", "filesystem", "total", "free"),
    }
    free = number(entry, "free")
    metrics = filled({"available_bytes": None if free is None else free * MIB})
    yield Item("filesystem", point, point, filled(attributes), metrics, relations=OF_HOST)


def _storage(entry: Entry) -> Iterator[Item]:
    name, size_mb = text(entry, "name") or text(entry, "serial") or text(entry, "model"), number(entry, "disksize")
    attributes = {
        "size_bytes": size_mb * MB if size_mb else None,
        "model": text(entry, "model"),
        "vendor": text(entry, "manufacturer"),
        "serial": text(entry, "serial"),
        "wwn": text(entry, "wwn"),
        "revision": text(entry, "firmware"),
        **_rest(entry, "name", "disksize", "model", "manufacturer", "serial", "wwn", "firmware", *_own_type(entry)),
    }
    yield Item("disk", name, name, filled(attributes), relations=OF_HOST)


def _own_type(entry: Entry) -> tuple[str, ...]:
    """`disk` is what is written of everything that is not said to be another."""
    return ("type",) if entry.get("type") == DISK else ()


def _network(entry: Entry) -> Iterator[Item]:
    name = text(entry, "description")
    speed = text(entry, "speed")
    addressing = ("ipaddress", "ipmask", "ipaddress6", "ipmask6", "ipsubnet", "ipsubnet6", "ipgateway", "ipdhcp")
    attributes = {
        "kind": text(entry, "type"),
        "mac": plain_mac(text(entry, "mac")),
        "mtu": number(entry, "mtu"),
        "speed_mbps": int(speed) if speed.isdigit() else None,
        "driver": text(entry, "driver"),
        **_rest(entry, "description", "type", "mac", "mtu", "speed", "driver", "status", *addressing),
    }
    yield Item(
        "interface", name, name, filled(attributes), filled({"link": text(entry, "status").lower()}), relations=OF_HOST
    )
    for address, mask in (("ipaddress", "ipmask"), ("ipaddress6", "ipmask6")):
        for found in address_items(name, text(entry, address), prefix_of(text(entry, mask))):
            said = {name: entry[name] for name in addressing[4:] if entry.get(name)}
            yield Item(
                found.class_,
                found.key,
                found.name,
                {**found.attributes, **({"glpi": said} if said else {})},
                relations=found.relations,
            )


def _softwares(entries: list[Entry]) -> Iterator[Item]:
    """All packages. Of what is installed in several versions (kernels) the key holds the version."""
    names = Counter((text(entry, "name"), text(entry, "arch"), text(entry, "from")) for entry in entries)
    for entry in entries:
        several = names[text(entry, "name"), text(entry, "arch"), text(entry, "from")] > 1
        yield _software(entry, text(entry, "version") if several else "")


def _software(entry: Entry, version: str) -> Item:
    name, origin, arch = text(entry, "name"), text(entry, "from"), text(entry, "arch")
    manager = MANAGERS.get(origin, origin or "glpi")
    key = f"{manager}/{name}:{arch}" if arch else f"{manager}/{name}"
    attributes = {
        "manager": manager,
        "version": text(entry, "version"),
        "architecture": arch,
        "summary": text(entry, "comments"),
        "vendor": text(entry, "publisher"),
        "section": text(entry, "system_category"),
        **_rest(entry, "name", "from", "arch", "version", "comments", "publisher", "system_category"),
    }
    # Windows tells products of one name apart by a GUID.
    mark = text(entry, "guid") or version
    key = f"{key}@{mark}" if mark else key
    return Item("package", key if name else "", name, filled(attributes), relations=INSTALLED)


def _account(entry: Entry) -> Iterator[Item]:
    login = text(entry, "login") or text(entry, "name") or text(entry, "id")
    uid = text(entry, "id")
    attributes = {
        "uid": int(uid) if uid.isdigit() else uid,
        "full_name": text(entry, "name"),
        "home": text(entry, "home"),
        "shell": text(entry, "shell"),
        **_rest(entry, "login", "id", "name", "home", "shell"),
    }
    yield Item("account", login, login, filled(attributes), relations=OF_HOST)


def _machine(entry: Entry) -> Iterator[Item]:
    uuid, memory = text(entry, "uuid"), number(entry, "memory")
    attributes = {
        "hypervisor": text(entry, "vmtype"),
        "memory_bytes": memory * MIB if memory else None,
        "vcpus": number(entry, "vcpu"),
        **_rest(entry, "uuid", "name", "vmtype", "memory", "vcpu", "status"),
    }
    keys = filled({"dmi_uuid": uuid, "name": text(entry, "name")})
    name = text(entry, "name")
    metrics = filled({"state": text(entry, "status")})
    relations = (("runs_on", "host", "host"),)
    yield Item("virtual_machine", uuid or name, name, filled(attributes), metrics, keys, relations)


def _database(entry: Entry) -> Iterator[Item]:
    engine, port = (text(entry, "type") or text(entry, "name")).lower(), number(entry, "port") or 0
    size_mib = number(entry, "size")
    attributes = {
        "engine": engine,
        "version": text(entry, "version"),
        "port": port,
        "data_directory": text(entry, "path"),
        "databases": sorted(text(one, "name") for one in mappings(entry.get("databases") or [])),
        **_rest(entry, "type", "version", "port", "path", "size", "databases", "is_active"),
    }
    metrics = filled({"size_bytes": size_mib * MIB if size_mib else None, "is_active": entry.get("is_active")})
    yield Item("database", f"{engine}:{port}", text(entry, "name"), filled(attributes), metrics, relations=OF_HOST)


def _ports(entries: list[Entry]) -> Iterator[Item]:
    """The ports of network equipment. Of those of one name the key holds the number."""
    names = Counter(_port_name(entry) for entry in entries)
    for entry in entries:
        name, ifnumber = _port_name(entry), text(entry, "ifnumber")
        yield from _port(entry, name, f"{name}#{ifnumber}" if names[name] > 1 and ifnumber else name)


def _port_name(entry: Entry) -> str:
    return text(entry, "ifname") or text(entry, "ifdescr") or text(entry, "ifnumber")


def _port(entry: Entry, name: str, key: str) -> Iterator[Item]:
    counters = ("ifinbytes", "ifoutbytes", "ifinerrors", "ifouterrors", "ifstatus", "ifinternalstatus", "iflastchange")
    attributes = {
        "mac": plain_mac(text(entry, "mac")),
        "mtu": number(entry, "ifmtu"),
        **_rest(entry, "ifname", "mac", "ifmtu", "ips", *counters),
    }
    metrics = {counter: entry[counter] for counter in counters if counter in entry}
    yield Item("interface", key, name, filled(attributes), metrics, relations=OF_HOST)
    for address in entry.get("ips") or []:
        yield from address_items(key, str(address), None)


_SECTIONS: Mapping[str, Callable[[Entry], Iterator[Item]]] = {
    "drives": _drive,
    "storages": _storage,
    "networks": _network,
    "local_users": _account,
    "virtualmachines": _machine,
    "databases_services": _database,
}
_XML_NAMES = {"MACADDR": "mac"}
# What is text in XML and is none in JSON, of the fields that are kept as they came.
_XML_TRUTHS = ("VIRTUALDEV", "MANAGEMENT", "NO_REMOVE", "REMOVABLE", "SYSTEMDRIVE")
_XML_NUMBERS = ("FILESIZE", "NUMSLOTS", "CAPACITY", "CORECOUNT", "EXTERNAL_CLOCK", "LV_COUNT", "PV_COUNT", "SEG_COUNT")
_SINGLE = ("HARDWARE", "BIOS", "OPERATINGSYSTEM", "ACCESSLOG", "VERSIONPROVIDER")


def _of_xml(tag: str, said: str) -> Any:
    if tag in _XML_TRUTHS:
        return _is_true(said)
    return int(said) if tag in _XML_NUMBERS and said.isdigit() else said


def _from_xml(source: str) -> dict[str, Any]:
    """The same document from FusionInventory's XML: elements that repeat are lists, their names in lower case."""
    if "<!DOCTYPE" in source or "<!ENTITY" in source:
        raise Unreadable("glpi", "XML with entities is not read")
    try:
        root = ElementTree.fromstring(source)  # noqa: S314 - no entities
    except ElementTree.ParseError as error:
        raise Unreadable("glpi", f"no XML: {error}") from None
    content: dict[str, Any] = {}
    for element in root.find("CONTENT") or []:
        entry: Any = {
            _XML_NAMES.get(child.tag, child.tag.lower()): _of_xml(child.tag, child.text or "")
            for child in element
            if not len(child)
        }
        if len(element) == 0:
            content[element.tag.lower()] = element.text or ""
        elif element.tag in _SINGLE:
            content[element.tag.lower()] = entry
        else:
            content.setdefault(element.tag.lower(), []).append(entry)
    return {"deviceid": root.findtext("DEVICEID") or "", "itemtype": "Computer", "content": content}
