"""Which mounts are file systems, and that what hangs is left behind."""

from __future__ import annotations

from agent.discovery.filesystem import Mount, Usage, filesystem_item, is_listed, parse_mountinfo, without_doubles
from tests.unit.discovery.recorded import recorded


def _listed(text: str) -> list[Mount]:
    return without_doubles(mount for mount in parse_mountinfo(text) if is_listed(mount))


def test_a_container_host_lists_what_its_df_lists() -> None:
    said = {line.split()[0] for line in recorded("filesystem/nspawn-df.txt").splitlines()[1:]}
    assert {mount.point for mount in _listed(recorded("filesystem/nspawn-mountinfo.txt"))} >= said


def test_a_mount_hides_the_one_below_it_and_pseudo_file_systems_are_left_out() -> None:
    mounts = {mount.point: mount for mount in _listed(recorded("filesystem/firecracker-mountinfo.txt"))}
    assert mounts.keys() == {"/", "/dev", "/dev/shm", "/sys/fs/cgroup"}
    assert mounts["/dev/shm"].device_id == "0:27"


def _mount(point: str, *, root: str = "/", device_id: str = "8:1", type_: str = "ext4") -> Mount:
    return Mount(device_id, root, point, "rw", type_, "/dev/sda1")


def test_of_several_mounts_of_a_device_the_whole_wins_then_the_shortest() -> None:
    mounts = [_mount("/a", root="/sub"), _mount("/long/path"), _mount("/long")]
    assert [mount.point for mount in without_doubles(mounts)] == ["/long"]


def test_a_containers_view_of_its_image_is_left_out_but_an_own_overlay_is_kept() -> None:
    assert not is_listed(_mount("/var/lib/docker/overlay2/abc/merged", type_="overlay"))
    assert is_listed(_mount("/", type_="overlay"))
    assert is_listed(_mount("/var/lib/docker", type_="xfs"))


def test_escaped_characters_in_mount_points() -> None:
    (mount,) = parse_mountinfo("36 35 98:0 / /mnt/my\\040disk rw,noatime master:1 - ext3 /dev/root rw,errors=continue")
    assert (mount.point, mount.type, mount.device) == ("/mnt/my disk", "ext3", "/dev/root")
    (share,) = parse_mountinfo("37 35 0:50 / /mnt rw - cifs //nas/share\\0431 rw")
    assert share.device == "//nas/share#1"


def test_percent_is_of_what_users_may_use_as_df_counts() -> None:
    item = filesystem_item(_mount("/"), Usage(1000, 600, 300, 100, 90), "sda")
    assert item.metrics["used_percent"] == 66.67
    assert item.metrics["inodes_used_percent"] == 10.0
    assert item.relations == (("part_of", "host", "host"), ("runs_on", "disk", "sda"))


def test_a_size_that_changes_with_use_is_no_attribute() -> None:
    item = filesystem_item(_mount("/tank", type_="zfs"), Usage(1000, 600, 300, 0, 0), None)
    assert "size_bytes" not in item.attributes
    assert item.metrics["size_bytes"] == 1000
