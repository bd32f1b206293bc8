"""Block devices with their partitions, from /sys/block. Not the file systems on them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from agent.discovery.collector import Look
from agent.discovery.containment import own_container
from agent.discovery.source import Unsupported, read_line
from agent.wire import Item

_BLOCK = "/sys/block"
_MAPPINGS = {"LVM": "lvm", "CRYPT": "crypt", "mpath": "multipath", "VDO": "vdo", "RAID": "raid"}
_SERIAL_PAGE_BYTES = 256
_SECTOR_BYTES = 512  # of /sys/block/*/size, whatever the device's own sector size


class Disk(NamedTuple):
    name: str
    kind: str
    size_bytes: int
    model: str
    vendor: str
    serial: str
    wwn: str
    revision: str
    rotational: bool
    removable: bool
    read_only: bool
    partitions: tuple[tuple[str, int], ...]  # name and size in bytes
    on: tuple[str, ...]  # devices that this one is made of (RAID, LVM, dm-crypt)
    device_name: str = ""  # of a mapped device: `vg0-root`
    raid_level: str = ""
    raid_disks: int = 0
    raid_missing: int = 0  # of its disks, those that failed or are not there


def kind_of(name: str, mapping: str = "") -> str:
    """What a block device is by its kernel name; a mapped one by what its uuid (`LVM-…`) begins with."""
    if name.startswith("dm-"):
        return _MAPPINGS.get(mapping.partition("-")[0], "mapped")
    for prefix, kind in (
        ("md", "raid"), ("nvme", "nvme"), ("mmcblk", "mmc"), ("sr", "optical"), ("loop", "loop"),
        ("zram", "zram"), ("drbd", "drbd"), ("rbd", "rbd"), ("nbd", "nbd"), ("bcache", "bcache"), ("fd", "floppy"),
    ):  # fmt: skip
        if name.startswith(prefix):
            return kind
    return "disk"


def read_disks() -> list[Disk]:
    """Block devices that hold something: no RAM disks, no loop devices without a file, no empty drives."""
    try:
        names = sorted(os.listdir(_BLOCK))  # noqa: PTH208
    except FileNotFoundError:
        return []
    disks = []
    for name in names:
        if name.startswith("ram"):
            continue
        disk = _read_disk(name)
        if disk.size_bytes:
            disks.append(disk)
    return disks


def _read_disk(name: str) -> Disk:
    folder = f"{_BLOCK}/{name}"
    return Disk(
        name=name,
        kind=kind_of(name, read_line(f"{folder}/dm/uuid")),
        size_bytes=int(read_line(f"{folder}/size") or 0) * _SECTOR_BYTES,
        model=read_line(f"{folder}/device/model"),
        vendor=read_line(f"{folder}/device/vendor"),
        serial=_first(f"{folder}/serial", f"{folder}/device/serial") or _scsi_serial(f"{folder}/device/vpd_pg80"),
        wwn=_first(f"{folder}/wwid", f"{folder}/device/wwid", f"{folder}/dm/uuid", f"{folder}/md/uuid"),
        revision=_first(f"{folder}/device/rev", f"{folder}/device/firmware_rev"),
        rotational=read_line(f"{folder}/queue/rotational") == "1",
        removable=read_line(f"{folder}/removable") == "1",
        read_only=read_line(f"{folder}/ro") == "1",
        partitions=_partitions(name),
        on=tuple(sorted(entry.name for entry in _entries(f"{folder}/slaves"))),
        device_name=read_line(f"{folder}/dm/name"),
        raid_level=read_line(f"{folder}/md/level"),
        raid_disks=_number(f"{folder}/md/raid_disks"),
        raid_missing=_number(f"{folder}/md/degraded"),
    )


def _number(path: str) -> int:
    said = read_line(path)
    return int(said) if said.isdigit() else 0


def _scsi_serial(path: str) -> str:
    """From the vital product data page "unit serial number" (SPC-4, 7.8.15): four bytes of head, then text."""
    try:
        with open(path, "rb") as page:  # noqa: PTH123
            return page.read(_SERIAL_PAGE_BYTES)[4:].decode("ascii", "replace").strip("\0 ")
    except OSError:
        return ""


def _first(*paths: str) -> str:
    for path in paths:
        try:
            value = read_line(path)
        except PermissionError:
            continue
        if value:
            return value
    return ""


def _entries(path: str) -> list[Path]:
    try:
        return sorted(Path(path).iterdir())
    except OSError:
        return []


def _partitions(name: str) -> tuple[tuple[str, int], ...]:
    found = []
    for entry in _entries(f"{_BLOCK}/{name}"):
        if entry.name.startswith(name) and (entry / "partition").exists():
            found.append((entry.name, int(read_line(f"{entry}/size") or 0) * _SECTOR_BYTES))
    return tuple(found)


def disk_item(disk: Disk, homes: dict[str, str]) -> Item:
    """The item of a block device. `homes` maps a partition to its disk, for what is made of partitions."""
    attributes: dict[str, Any] = {
        "kind": disk.kind,
        "size_bytes": disk.size_bytes,
        "model": disk.model,
        "vendor": disk.vendor if disk.vendor != "0x1af4" else "virtio",
        "serial": disk.serial,
        "wwn": disk.wwn,
        "revision": disk.revision,
        "rotational": disk.rotational,
        "removable": disk.removable,
        "read_only": disk.read_only,
        "partitions": [{"name": name, "size_bytes": size_bytes} for name, size_bytes in disk.partitions],
        "on": list(disk.on),
        "raid_level": disk.raid_level,
        "raid_disks": disk.raid_disks or None,
        "raid_missing": disk.raid_missing if disk.raid_level else None,
    }
    below = sorted({homes.get(name, name) for name in disk.on})
    return Item(
        class_="disk",
        key=disk.name,
        name=disk.device_name or disk.name,
        attributes={name: value for name, value in attributes.items() if value not in ("", [], None)},
        relations=(("part_of", "host", "host"), *(("runs_on", "disk", name) for name in below)),
    )


def collect_disks(look: Look) -> Iterable[Item]:
    """All block devices that hold something, but loop devices: those are files."""
    if own_container():
        raise Unsupported("a container has no disks of its own")
    disks = [disk for disk in read_disks() if disk.kind not in ("loop", "zram")]
    homes = {name: disk.name for disk in disks for name, _ in disk.partitions}
    return [disk_item(disk, homes) for disk in disks]
