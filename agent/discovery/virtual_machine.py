"""Virtual machines that libvirt runs here, from its own domain files. Needs root, and starts nothing."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from typing import Any, Optional
from xml.etree import ElementTree

from agent.discovery.collector import Look
from agent.discovery.source import Unsupported, read_text
from agent.wire import Item

_DEFINED = "/etc/libvirt/*/*.xml"
_RUNNING = "/run/libvirt/*/*.xml"
_KIB = {"b": 1, "bytes": 1, "KB": 1000, "k": 1024, "KiB": 1024, "MB": 10**6, "M": 1 << 20, "MiB": 1 << 20,
        "GB": 10**9, "G": 1 << 30, "GiB": 1 << 30, "T": 1 << 40, "TiB": 1 << 40}  # fmt: skip


def parse_domain(text: str) -> Optional[dict[str, Any]]:
    """libvirt's domain XML, also inside of its status XML; None for what is neither."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None  # libvirt writes none; an entity could be endless
    try:
        root = ElementTree.fromstring(text)  # noqa: S314
    except ElementTree.ParseError:
        return None
    domain = root if root.tag == "domain" else root.find("domain")
    if domain is None or not domain.findtext("uuid"):
        return None
    memory = domain.find("memory")
    kind = domain.find("os/type")
    return {
        "name": domain.findtext("name") or "",
        "uuid": domain.findtext("uuid"),
        "hypervisor": domain.get("type", ""),
        "architecture": "" if kind is None else kind.get("arch", ""),
        "memory_bytes": 0 if memory is None else int(memory.text or 0) * _KIB.get(memory.get("unit", "KiB"), 1024),
        "vcpus": int(domain.findtext("vcpu") or 0),
        "macs": [mac.get("address", "") for mac in domain.iterfind("devices/interface/mac")],
        "disks": [
            next((value for value in source.attrib.values() if value.startswith("/")), "")
            for source in domain.iterfind("devices/disk/source")
        ],
    }


def machine_item(domain: dict[str, Any], running: bool) -> Item:
    """The item of a domain. Its UUID is what the guest reads as its DMI system UUID."""
    attributes = {name: value for name, value in domain.items() if name not in ("name", "uuid") and value}
    return Item(
        class_="virtual_machine",
        key=domain["uuid"],
        name=domain["name"],
        attributes=attributes,
        metrics={"state": "running" if running else "shut off"},
        keys={"dmi_uuid": domain["uuid"], "name": domain["name"], "macs": sorted(domain["macs"])},
        relations=(("runs_on", "host", "host"),),
    )


def collect_virtual_machines(look: Look) -> Iterable[Item]:
    """All domains that are defined or running."""
    defined = [path for path in glob.glob(_DEFINED) if "/networks/" not in path]  # noqa: PTH207
    running = glob.glob(_RUNNING)  # noqa: PTH207
    if not defined and not running:
        raise Unsupported("no domains of libvirt")
    found: dict[str, tuple[dict[str, Any], bool]] = {}
    for path, runs in [(path, False) for path in defined] + [(path, True) for path in running]:
        domain = parse_domain(read_text(path, 1 << 20))
        if domain is not None:
            found[domain["uuid"]] = (domain, runs)
    return [machine_item(domain, runs) for domain, runs in found.values()]
