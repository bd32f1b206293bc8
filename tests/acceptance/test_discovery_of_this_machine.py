"""What `ci list` says of this machine is what the system's own programs say."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest

from tests.acceptance.installation import Installation
from tests.programs import needs
from tests.waiting import wait_for

# With the tests that boot hosts in one group, so in turn: their network would come and go between two looks.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosts")]

CLASSES = {
    "host", "os", "cpu", "memory", "disk", "filesystem", "interface", "address", "endpoint", "software",
    "package", "account",
}  # fmt: skip


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env={"LC_ALL": "C"})
    return done.stdout


def _of_class(installation: Installation, class_: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = installation.json("ci", "list", "--class", class_)
    return rows


def test_every_class_of_a_host_is_there(shared_installation: Installation) -> None:
    assert {row["class"] for row in shared_installation.json("ci", "list")} >= CLASSES


def test_ready_says_how_much_was_found(shared_installation: Installation) -> None:
    counts = dict(field.split("=", 1) for field in shared_installation.ready_line.split()[1:])
    assert int(counts["ci"]) > 100
    assert int(counts["checks"]) > 3
    assert counts["agents"] == "1"


def test_filesystems_are_those_of_df(shared_installation: Installation) -> None:
    needs("df")
    lines = _run("df", "-P", "--local", "-x", "tmpfs", "-x", "devtmpfs", "-x", "overlay").splitlines()[1:]
    by_mount = {row["key"]: row for row in _of_class(shared_installation, "filesystem")}
    for line in lines:
        mount, size_kib = line.split(maxsplit=5)[5], int(line.split()[1])
        assert mount in by_mount
        assert by_mount[mount]["attributes"]["size_bytes"] == pytest.approx(size_kib * 1024, rel=0.01)


def test_addresses_are_those_of_ip(shared_installation: Installation) -> None:
    needs("ip")
    listed = json.loads(_run("ip", "-json", "addr"))
    expected = {
        f"{link['ifname']}/{address['local']}/{address['prefixlen']}"
        for link in listed
        for address in link["addr_info"]
    }
    assert {row["key"] for row in _of_class(shared_installation, "address")} == expected
    assert {row["key"] for row in _of_class(shared_installation, "interface")} == {link["ifname"] for link in listed}


def test_packages_are_those_of_dpkg(shared_installation: Installation) -> None:
    needs("dpkg-query")
    lines = _run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}\t${Package}\t${Version}\n").splitlines()
    expected = {tuple(line.split("\t")[1:]) for line in lines if line.startswith("ii")}
    found = {
        (row["name"], row["attributes"]["version"])
        for row in _of_class(shared_installation, "package")
        if row["key"].startswith("dpkg/")
    }
    assert found == expected


def _listening_ports() -> set[int]:
    return {int(line.split()[3].rsplit(":", 1)[1]) for line in _run("ss", "-Hltn").splitlines()}


def test_listening_tcp_endpoints_are_those_of_ss(shared_installation: Installation) -> None:
    """Servers of other tests come and go: what listens before and after a scan is in it."""
    needs("ss")
    (agent,) = shared_installation.json("agent", "list")

    def missed() -> set[int]:
        before = _listening_ports()
        assert shared_installation.command("agent", "scan", agent["id"]).returncode == 0
        rows = _of_class(shared_installation, "endpoint")
        found = {int(match[1]) for row in rows if (match := re.fullmatch(r"tcp/.*:(\d+)", row["key"]))}
        return (before & _listening_ports()) - found

    wait_for("a scan with every listening port", lambda: not missed(), limit_s=60, pause_s=1)


def test_accounts_are_those_of_the_password_database(shared_installation: Installation) -> None:
    needs("getent")
    expected = {line.split(":")[0] for line in _run("getent", "passwd").splitlines()}
    assert {row["key"] for row in _of_class(shared_installation, "account")} == expected


def test_everything_hangs_together(shared_installation: Installation) -> None:
    (host,) = _of_class(shared_installation, "host")
    related = {relation["class"] for relation in shared_installation.json("ci", "show", host["id"])["relations"]}
    assert {"os", "filesystem", "interface", "package"} <= related
