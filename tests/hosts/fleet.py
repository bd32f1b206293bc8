"""Whole Debian hosts (systemd, sshd, nginx, cron) in network namespaces of this machine, booted in seconds.

A base tree is built once per suite and kept in the folder that WATCHDECK_TEST_TREES names; each host is an overlay
of it. Nothing is ever sent to an address that does not lie on our own bridge, and everything is taken down again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.programs import needs
from tests.waiting import wait_for

BRIDGE, NETWORK, GATEWAY = "wdbr0", "198.51.100", "198.51.100.1"
PACKAGES = (
    "systemd,systemd-sysv,dbus,openssh-server,openssh-client,sudo,python3,python3-venv,python3-psutil,"
    "iproute2,procps,nginx-light,cron"
)
BOOT_LIMIT_S = 60.0
_SETTINGS = ("IdentitiesOnly=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")
_SSH = ["-F", "none", "-o", "ConnectTimeout=2", *(part for setting in _SETTINGS for part in ("-o", setting))]


def trees() -> Path:
    """Where base trees are kept between runs."""
    return Path(os.environ.get("WATCHDECK_TEST_TREES") or Path(tempfile.gettempdir()) / "testhosts")


@dataclass
class TestHost:
    """One booted host."""

    __test__ = False

    name: str
    address: str
    folder: Path
    key: Path
    leader: subprocess.Popen[bytes]

    @property
    def shell(self) -> list[str]:
        """What a command is appended to, to be run there as root."""
        return ["ssh", *_SSH, "-i", str(self.key), f"root@{self.address}"]

    def run(self, command: str, *, user: str = "root", check: bool = True) -> str:
        """The output of a command there."""
        on_bridge(self.address)
        done = subprocess.run(
            [*self.shell[:-1], f"{user}@{self.address}", command],
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert not check or done.returncode == 0, f"{self.name}: {command}: {done.stderr}"
        return done.stdout

    def answers(self) -> bool:
        return self.run("echo yes", check=False).strip() == "yes"

    def cut(self) -> None:
        """Unplug it."""
        _ip("link", "set", f"vb-{self.name}", "down")

    def heal(self) -> None:
        """Plug it in again."""
        _ip("link", "set", f"vb-{self.name}", "up")

    def stop(self) -> None:
        """End it and forget what it wrote."""
        with contextlib.suppress(ProcessLookupError):
            self.leader.terminate()
        try:
            self.leader.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.leader.pid, signal.SIGKILL)
            self.leader.wait(15)
        root = self.folder / "root"
        if subprocess.run(["umount", str(root)], capture_output=True, check=False).returncode != 0:
            subprocess.run(["umount", "-l", str(root)], capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class Fleet:
    """Boots hosts; ends them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.key = folder / "key"
        self.hosts: list[TestHost] = []
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)], check=True)

    def boot(self, name: str, number: int, suite: str = "bookworm", *, packages: tuple[str, ...] = ()) -> TestHost:
        """A host of this name at this number of the network, answering; `packages` are those beyond the usual ones."""
        base, folder = _base(suite, packages), self._folder / name
        for part in ("upper", "work", "root"):
            (folder / part).mkdir(parents=True)
        root = folder / "root"
        options = f"lowerdir={base},upperdir={folder / 'upper'},workdir={folder / 'work'}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(root)], check=True, capture_output=True)
        address = f"{NETWORK}.{number}"
        self._furnish(root, name, address)
        command = ["systemd-nspawn", "-q", "-D", str(root), "-b", "--register=no", "--keep-unit"]
        with (folder / "console.log").open("wb") as console:
            leader = subprocess.Popen(
                [*command, f"--network-bridge={BRIDGE}", f"--machine={name}"],
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "0"},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        host = TestHost(name, address, folder, self.key, leader)
        self.hosts.append(host)
        on_bridge(address)
        wait_for(f"{name} to answer; see {folder / 'console.log'}", host.answers, limit_s=BOOT_LIMIT_S)
        return host

    def _furnish(self, root: Path, name: str, address: str) -> None:
        (root / "etc/hostname").write_text(f"{name}\n")
        for identity in ("etc/machine-id", "var/lib/dbus/machine-id"):
            (root / identity).unlink(missing_ok=True)
        (root / "etc/machine-id").touch()
        for key in (root / "etc/ssh").glob("ssh_host_*"):
            key.unlink()
        subprocess.run(["ssh-keygen", "-A", "-f", str(root)], check=True, capture_output=True)
        authorized = root / "root/.ssh/authorized_keys"
        authorized.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(self.key.with_suffix(".pub"), authorized)
        # It must sort before systemd's own 80-container-host0.network.
        network = root / "etc/systemd/network/10-host0.network"
        network.write_text(f"[Match]\nName=host0\n[Network]\nAddress={address}/24\nGateway={GATEWAY}\n")
        wants = root / "etc/systemd/system/multi-user.target.wants/systemd-networkd.service"
        if not wants.is_symlink():
            wants.symlink_to("/lib/systemd/system/systemd-networkd.service")


@contextlib.contextmanager
def fleet() -> Iterator[Fleet]:
    """An empty fleet; skips, or fails where everything is required, when hosts cannot be made here."""
    needs("debootstrap", "systemd-nspawn", "ip", "ssh", "ssh-keygen")
    if os.geteuid() != 0:
        pytest.skip("whole hosts need root")
    trees().mkdir(parents=True, exist_ok=True)
    with (trees() / "lock").open("w") as lock, tempfile.TemporaryDirectory(prefix="wd-fleet-") as folder:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one network, one fleet at a time
        _bridge()
        made = Fleet(Path(folder))
        try:
            yield made
        finally:
            for host in made.hosts:
                host.stop()
            subprocess.run(["ip", "link", "del", BRIDGE], capture_output=True, check=False)


def on_bridge(address: str) -> None:
    """Never send to a test address that does not lie on our own bridge."""
    route = subprocess.run(["ip", "route", "get", address], capture_output=True, text=True, check=False).stdout
    assert f" dev {BRIDGE} " in route, f"{address} is not on {BRIDGE}: {route}"


def _base(suite: str, packages: tuple[str, ...] = ()) -> Path:
    """The suite's base tree, with these packages more, built at the first asking."""
    base = trees() / "-".join(("base", suite, *packages))
    if not (base / ".ready").exists():
        shutil.rmtree(base, ignore_errors=True)
        if packages:
            _extend(_base(suite), base, packages)
        else:
            _built("debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(base), *_mirror())
        (base / ".ready").touch()
    return base


def _extend(base: Path, tree: Path, packages: tuple[str, ...]) -> None:
    """Another tree from a built one: a third of the time of building it anew."""
    _built("cp", "-a", str(base), str(tree))
    (tree / ".ready").unlink()
    shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
    nothing_starts = tree / "usr/sbin/policy-rc.d"
    nothing_starts.write_text("#!/bin/sh\nexit 101\n")
    nothing_starts.chmod(0o755)
    install = f"apt-get -qq update && apt-get -qqy install --no-install-recommends {' '.join(packages)}"
    _built("chroot", str(tree), "env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", install)
    nothing_starts.unlink()


def _built(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def _mirror() -> list[str]:
    """This machine's own Debian mirror."""
    for source in Path("/etc/apt/sources.list.d").glob("*.sources"):
        for line in source.read_text().splitlines():
            if line.startswith("URIs: "):
                return [line.removeprefix("URIs: ").split()[0]]
    return []


def _bridge() -> None:
    if subprocess.run(["ip", "link", "show", BRIDGE], capture_output=True, check=False).returncode != 0:
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("addr", "add", f"{GATEWAY}/24", "dev", BRIDGE)
    _ip("link", "set", BRIDGE, "up")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
