"""Host, processors, memory and disks from what the kernel says."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.discovery import disk
from agent.discovery.collector import Limits, Look, Shared
from agent.discovery.containment import container_id
from agent.discovery.cpu import cpu_items, parse_cpuinfo
from agent.discovery.disk import Disk, disk_item
from agent.discovery.host import fingerprint, split_name, virtualisation
from agent.discovery.kernel_module import module_items
from agent.discovery.memory import memory_items, parse_meminfo
from agent.discovery.os_release import os_item, parse_os_release
from agent.wire import Item
from tests.unit.discovery.recorded import recorded


def test_one_socket_with_two_threads() -> None:
    (cpu,) = cpu_items(parse_cpuinfo(recorded("cpu/amd-epyc-2-threads.txt")))
    assert cpu.name == "AMD EPYC"
    assert (cpu.attributes["vendor"], cpu.attributes["cores"], cpu.attributes["threads"]) == ("AuthenticAMD", 2, 2)


def test_threads_are_counted_by_socket() -> None:
    text = "\n\n".join(
        f"processor\t: {number}\nphysical id\t: {number // 4}\ncore id\t: {number % 2}\nmodel name\t: X"
        for number in range(8)
    )
    items = cpu_items(parse_cpuinfo(text), "3500000")
    assert [(item.key, item.attributes["cores"], item.attributes["threads"]) for item in items] == [
        ("0", 2, 4),
        ("1", 2, 4),
    ]
    assert items[0].attributes["max_mhz"] == 3500


def test_a_board_whose_cpuinfo_ends_with_the_hardware() -> None:
    text = "processor\t: 0\nBogoMIPS\t: 108.00\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n\nHardware\t: BCM2835\n"
    (cpu,) = cpu_items(parse_cpuinfo(text))
    assert (cpu.name, cpu.attributes["threads"]) == ("0xd08", 1)


def test_memory_in_bytes_and_no_swap() -> None:
    (memory,) = memory_items(parse_meminfo(recorded("memory/linux-6.18.txt")), ())
    assert memory.attributes["size_bytes"] == 25276502016
    assert 0 < memory.metrics["used_percent"] < 100


def test_swap_is_an_item_of_its_own() -> None:
    meminfo = {"MemTotal": 1000, "MemAvailable": 250, "SwapTotal": 400, "SwapFree": 300}
    memory, swap = memory_items(meminfo, ["/swapfile"])
    assert memory.metrics["used_percent"] == 75.0
    assert (swap.key, swap.attributes, swap.metrics) == (
        "swap", {"size_bytes": 400, "on": ["/swapfile"]}, {"used_bytes": 100, "used_percent": 25.0},
    )  # fmt: skip


def test_os_release_of_debian() -> None:
    release = parse_os_release(recorded("os_release/debian-12.txt"))
    kernel = {"sysname": "Linux", "release": "6.1.0", "version": "#1", "machine": "x86_64"}
    item = os_item(release, kernel, {"init": "systemd", "selinux": ""})
    assert item.name == "Debian GNU/Linux 12 (bookworm)"
    assert (item.attributes["distribution"], item.attributes["version"], item.attributes["codename"]) == (
        "debian",
        "12",
        "bookworm",
    )
    assert "selinux" not in item.attributes


def test_quotes_in_os_release_are_taken_off() -> None:
    assert parse_os_release('# x\nNAME=\'A B\'\nX="say \\"hi\\""\nID=plain\n') == {
        "NAME": "A B",
        "X": 'say "hi"',
        "ID": "plain",
    }


@pytest.mark.parametrize(
    ("dmi", "flags", "container", "kernel", "kind"),
    [
        ({"vendor": "QEMU", "product": "Standard PC"}, "fpu hypervisor", "", "6.1", "qemu"),
        ({"vendor": "VMware, Inc."}, "fpu hypervisor", "", "6.1", "vmware"),
        ({"vendor": "Microsoft Corporation", "product": "Virtual Machine"}, "hypervisor", "", "6.1", "microsoft"),
        ({}, "fpu hypervisor", "", "6.1", "vm-other"),
        ({"vendor": "Dell Inc."}, "fpu", "", "6.1", "none"),
        ({}, "fpu hypervisor", "docker", "6.1", "docker"),
        ({}, "", "", "5.15.90.1-microsoft-standard-WSL2", "wsl"),
    ],
)
def test_what_a_host_runs_inside(dmi: dict[str, str], flags: str, container: str, kernel: str, kind: str) -> None:
    assert virtualisation(dmi, flags, container, kernel) == kind


@pytest.mark.parametrize(
    ("hostname", "hosts", "resolver", "expected"),
    [
        ("web1.example.org", "", "", ("web1", "example.org")),
        ("web1", "127.0.1.1 web1.example.org web1", "search other.org", ("web1", "example.org")),
        ("web1", "127.0.0.1 web1.localdomain", "# x\nsearch lan.example.org b", ("web1", "lan.example.org")),
        ("web1", "", "", ("web1", "")),
    ],
)
def test_name_and_domain(hostname: str, hosts: str, resolver: str, expected: tuple[str, str]) -> None:
    assert split_name(hostname, hosts, resolver) == expected


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "ssh-ed25519 not base64!"])
def test_what_is_no_key_has_no_fingerprint(line: str) -> None:
    assert fingerprint(line) == ""


def test_a_container_knows_its_own_id() -> None:
    line = "700 690 254:0 /var/lib/docker/containers/{id}/hostname /etc/hostname rw - ext4 /dev/vda rw\n"
    assert container_id(line.format(id="ab" * 32)) == "ab" * 32
    assert container_id("27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n") == ""


def _disk(name: str, **changes: object) -> Disk:
    values = {
        "name": name, "kind": "disk", "size_bytes": 1, "model": "", "vendor": "", "serial": "", "wwn": "",
        "revision": "", "rotational": False, "removable": False, "read_only": False, "partitions": (), "on": (),
        **changes,
    }  # fmt: skip
    return Disk(**values)  # type: ignore[arg-type]


def test_a_mirror_runs_on_the_disks_of_its_partitions() -> None:
    item = disk_item(_disk("md0", kind="raid", on=("sda1", "sdb1")), {"sda1": "sda", "sdb1": "sdb"})
    assert item.relations == (("part_of", "host", "host"), ("runs_on", "disk", "sda"), ("runs_on", "disk", "sdb"))
    assert item.attributes["on"] == ["sda1", "sdb1"]


@pytest.fixture
def raid_and_lvm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Item]:
    """The block devices of a machine with two RAIDs, one of them short of a disk, and LVM on one and an NVMe disk."""
    for line in recorded("disk/debian-12-raid-lvm.txt").splitlines():
        name, _, value = line.partition("=")
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n")
    (tmp_path / "sda/device/vpd_pg80").write_bytes(b"\0\x80\0\x04SC-A")
    monkeypatch.setattr(disk, "_BLOCK", str(tmp_path))
    monkeypatch.setattr(disk, "own_container", lambda: "")
    return {item.key: item for item in disk.collect_disks(Look(Limits(), Shared()))}


def _on(item: Item) -> list[str]:
    return [key for type_, _, key in item.relations if type_ == "runs_on"]


def test_raid_is_told_with_its_level_and_what_it_lacks(raid_and_lvm: dict[str, Item]) -> None:
    mirror, short = raid_and_lvm["md0"], raid_and_lvm["md1"]
    assert (mirror.attributes["kind"], _on(mirror)) == ("raid", ["vda", "vdb"])
    told = [[one.attributes[f"raid_{what}"] for what in ("level", "disks", "missing")] for one in (mirror, short)]
    assert told == [["raid1", 2, 0], ["raid5", 3, 1]]


def test_logical_volumes_are_called_by_their_names_and_lie_on_what_they_are_made_of(
    raid_and_lvm: dict[str, Item],
) -> None:
    assert [raid_and_lvm[name].name for name in ("dm-0", "dm-1")] == ["vg0-root", "vg0-data"]
    assert raid_and_lvm["dm-0"].attributes["kind"] == "lvm"
    assert [_on(raid_and_lvm[name]) for name in ("dm-0", "dm-1")] == [["md0"], ["md0", "nvme0n1"]]


def test_serial_numbers_of_virtio_nvme_and_scsi_disks(raid_and_lvm: dict[str, Item]) -> None:
    told = {name: raid_and_lvm[name].attributes.get("serial") for name in ("vda", "nvme0n1", "sda", "sdb")}
    assert told == {"vda": "VD-A", "nvme0n1": "NVME-1", "sda": "SC-A", "sdb": None}
    assert raid_and_lvm["sda"].attributes["wwn"] == "naa.5000c50015ea71aa"


@pytest.mark.parametrize(
    ("uuid", "kind"), [("LVM-x", "lvm"), ("CRYPT-LUKS2-x", "crypt"), ("mpath-x", "multipath"), ("", "mapped")]
)
def test_a_mapped_device_is_what_maps_it(uuid: str, kind: str) -> None:
    assert disk.kind_of("dm-3", uuid) == kind


def test_modules_with_their_versions() -> None:
    text = "nf_tables 356352 0 - Live 0x0000\nxfs 2416640 1 - Live 0x0000\nbroken\n"
    items = module_items(text, {"xfs": "1.0"})
    assert [(item.key, item.attributes, item.metrics) for item in items] == [
        ("nf_tables", {"size_bytes": 356352}, {"users": 0}),
        ("xfs", {"size_bytes": 2416640, "version": "1.0"}, {"users": 1}),
    ]
