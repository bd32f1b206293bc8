"""What a scan says of this machine is what the machine's own programs say of it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from agent.discovery.account import collect_accounts
from agent.discovery.address import collect_addresses
from agent.discovery.collector import Limits, Look
from agent.discovery.collectors import ALL
from agent.discovery.dpkg import collect_dpkg
from agent.discovery.endpoint import collect_endpoints
from agent.discovery.filesystem import collect_filesystems
from agent.discovery.host import collect_host
from agent.discovery.scan import Report, scan
from agent.discovery.sections import BY_NAME
from agent.wire import Item
from tests.programs import needs
from tests.waiting import wait_for

# With the tests that boot hosts in one group, so in turn: their network would come and go between two looks.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosts")]
QUIET = Limits(sniff=False)


def _run(*argv: str) -> str:
    return subprocess.run(
        argv, capture_output=True, text=True, timeout=30, check=True, env={**os.environ, "LC_ALL": "C"}
    ).stdout


def _section(report: Report, name: str) -> list[Item]:
    return next(section.items for section in report.sections if section.outcome.name == name)


def _ss_listeners() -> set[str]:
    found = set()
    for line in _run("ss", "-Hltn").splitlines():
        local = re.sub(r"%\w+", "", line.split()[3])
        found.add("tcp/" + local.replace("*:", "[::]:"))
    return found


def test_tcp_endpoints_are_those_of_ss() -> None:
    needs("ss")
    before = _ss_listeners()
    items = collect_endpoints(Look(QUIET))
    after = _ss_listeners()
    ours = {item.key for item in items if item.attributes["transport"] == "tcp" and "namespace" not in item.attributes}
    assert before & after <= ours <= before | after


def test_file_systems_are_those_of_df() -> None:
    needs("df")
    said = {}
    for line in _run("df", "-B1", "--output=target,fstype,size,itotal").splitlines()[1:]:
        target, type_, size_bytes, inodes = line.rsplit(None, 3)
        said[target] = (type_, int(size_bytes), inodes)
    ours = {
        item.key: (item.attributes["type"], item.attributes["size_bytes"], str(item.metrics.get("inodes", "-")))
        for item in collect_filesystems(Look())
    }
    assert ours == said


def test_addresses_are_those_of_ip() -> None:
    needs("ip")
    said = {
        (link["ifname"], address["local"], address["prefixlen"], address["scope"])
        for link in json.loads(_run("ip", "-json", "address"))
        for address in link["addr_info"]
        if "temporary" not in address and not link["ifname"].startswith("veth")
    }
    ours = {
        tuple(item.attributes[name] for name in ("interface", "address", "prefix", "scope"))
        for item in collect_addresses(Look())
    }
    assert ours == said


def test_packages_are_those_of_dpkg() -> None:
    needs("dpkg-query")
    said = set()
    for line in _run(
        "dpkg-query", "-W", "-f", "${Package}\\t${Version}\\t${Architecture}\\t${db:Status-Status}\\n"
    ).splitlines():
        name, version, architecture, status = line.split("\t")
        if status not in ("not-installed", "config-files"):
            said.add((f"dpkg/{name}:{architecture}", version))
    assert {(item.key, item.attributes["version"]) for item in collect_dpkg(Look())} == said


def test_accounts_are_those_of_getent() -> None:
    needs("id")
    for item in collect_accounts(Look()):
        assert sorted(_run("id", "-Gn", item.key).split()) == item.attributes["groups"]


def test_ssh_host_keys_have_the_fingerprints_of_ssh_keygen() -> None:
    needs("ssh-keygen")
    paths = sorted(Path("/etc/ssh").glob("ssh_host_*_key.pub"))
    if not paths:
        pytest.skip("this machine has no SSH host keys")
    host = next(iter(collect_host(Look())))
    assert host.keys["ssh_host_key"] == [_run("ssh-keygen", "-lf", str(path)).split()[1] for path in paths]


def test_a_web_server_appears_with_its_software_and_protocol(tmp_path: Path) -> None:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(f"a listener at {port}", lambda: f"tcp/127.0.0.1:{port}" in _ss_listeners())
        report = scan(tuple(collector for collector in ALL if collector.section in ("endpoint", "software")))
    finally:
        server.kill()
        server.wait()
    key = f"tcp/127.0.0.1:{port}"
    endpoint = next(item for item in _section(report, "endpoint") if item.key == key)
    assert endpoint.attributes["protocol"] == "http"
    assert endpoint.metrics["pid"] == server.pid
    software = next(item for item in _section(report, "software") if ("listens_on", "endpoint", key) in item.relations)
    assert software.key == endpoint.attributes["software"]
    assert software.name == "http.server"
    assert ("runs_on", "host", "host") in software.relations


def test_two_scans_of_an_unchanged_machine_have_the_same_digests() -> None:
    # Other tests of the same run listen and connect meanwhile: those sections change with them.
    passing = ("endpoint", "software", "connection")
    steady = tuple(collector for collector in ALL if collector.section not in passing)
    first = scan(steady, QUIET)
    second = scan(steady, QUIET, first.memory)
    assert [section.outcome.digest for section in first.sections] == [
        section.outcome.digest for section in second.sections
    ]


def test_relations_point_to_items_of_the_same_report() -> None:
    report = scan(ALL, QUIET)
    items = {(item.class_, item.key) for section in report.sections for item in section.items}
    absent = {section.outcome.name for section in report.sections if section.outcome.outcome == "unsupported"}
    for section in report.sections:
        for item in section.items:
            for _, class_, key in item.relations:
                assert (class_, key) in items or class_ in absent, (item.class_, item.key)


def test_an_unprivileged_scan_says_what_it_was_denied(tmp_path: Path) -> None:
    needs("setpriv")
    if os.geteuid() != 0:
        pytest.skip("needs root to become nobody")
    # It listens itself, so that there is a program that nobody may look into, whatever else runs here.
    code = (
        "import socket; held = socket.create_server(('127.0.0.1', 0));"
        "from agent.discovery.printing import print_scan; raise SystemExit(print_scan(True))"
    )
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c", code],
        capture_output=True, timeout=60, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    if b"Permission denied" in done.stderr or b"ModuleNotFoundError" in done.stderr:
        pytest.skip("this interpreter or source tree cannot be read by nobody")
    report = json.loads(done.stdout)
    outcomes = {section["outcome"]["name"]: section["outcome"] for section in report["sections"]}
    assert not report["privileged"]
    assert outcomes["software"]["outcome"] == "partial"
    assert "processes of other users" in outcomes["software"]["detail"]
    assert outcomes["dpkg"]["outcome"] in ("ok", "unsupported")


def test_the_command_prints_one_json_document() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agent.main", "scan", "--json"], capture_output=True, timeout=60, check=True
    )
    report = json.loads(done.stdout)
    assert {"sections", "duration_s", "cpu_s", "privileged"} == report.keys()


def test_there_is_a_collector_for_every_section() -> None:
    assert [collector.section for collector in ALL] == list(BY_NAME)
