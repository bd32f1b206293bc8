"""What facter, Ansible, fusioninventory-agent and psutil say of this machine is in our scan, with the same values."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from agent.discovery.collector import Limits
from agent.discovery.collectors import ALL, elsewhere
from agent.discovery.scan import Report, scan
from agent.wire import Item
from cmdb.exchange import ansible_facts, facter, glpi
from cmdb.exchange.imported import ImportedHost
from tests.programs import needs

# With the tests that boot hosts in one group, so in turn: their network would come and go between two looks.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosts")]
Named = dict[tuple[str, str], Item]

# What another tool rounds, names or means otherwise than the kernel does.
_IN_OTHER_WORDS = frozenset({
    ("os", "version"),  # 12 or 12.11
    ("filesystem", "options"),  # of the super block too
    ("disk", "vendor"), ("disk", "model"),  # `ATA` for what stands behind it
    ("interface", "kind"), ("interface", "speed_mbps"), ("interface", "driver"),
    ("cpu", "max_mhz"), ("cpu", "family"), ("cpu", "model"), ("cpu", "threads"), ("cpu", "vendor"),
    ("package", "vendor"),  # the distribution's name, for every package of it
    ("host", "virtualisation"), ("host", "item_type"), ("host", "chassis_type"),
})  # fmt: skip
_MISTAKEN = frozenset(
    {
        ("address", "lo/::1/12"),  # fusioninventory-agent 2.6 takes /128 for fff0::
        ("interface", "bmc"),  # it names one wherever ipmitool is, with a management board or without
    }
)
_TEST_HOSTS = ("vb-", "wdbr")  # cables and bridge of hosts that other tests boot: they come and go
_ROUNDED = 2 << 20  # they count in MiB


@pytest.fixture(scope="module")
def ours() -> Named:
    return _named(scan(ALL, Limits(sniff=False)))


def _named(report: Report) -> Named:
    return {(item.class_, item.key): item for section in report.sections for item in section.items}


def _said(*command: str) -> str:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    return done.stdout


def _differences(theirs: ImportedHost, ours: Named) -> list[str]:
    """What they say and we do not, or say otherwise."""
    found = []
    for item in (theirs.host, *theirs.items):
        if (item.class_, item.key) in _MISTAKEN or item.key.startswith(_TEST_HOSTS):
            continue
        own = ours.get((item.class_, item.key))
        if own is None:
            found.append(f"{item.class_} {item.key} is missing")
            continue
        for name, value in item.attributes.items():
            if name.startswith("glpi") or (item.class_, name) in _IN_OTHER_WORDS:
                continue
            if not _same(own.attributes.get(name), value):
                found.append(f"{item.class_} {item.key} {name}: {own.attributes.get(name)!r}, they say {value!r}")
    passing = {item.attributes.get("mac") for (_, key), item in ours.items() if key.startswith(_TEST_HOSTS)}
    for name, said in theirs.host.keys.items():
        value = [one for one in said if one not in passing] if isinstance(said, list) else said
        own_value = ours["host", "host"].keys.get(name)
        if (
            value
            and not _same(own_value, value)
            and not (isinstance(value, list) and set(value) <= set(own_value or ()))
        ):
            found.append(f"key {name}: {own_value!r}, they say {value!r}")
    return found


def _same(own: Any, theirs: Any) -> bool:
    if isinstance(own, int) and isinstance(theirs, int):
        return abs(own - theirs) <= max(_ROUNDED, own // 1000)
    if isinstance(own, str) and isinstance(theirs, str):
        return own.lower() == theirs.lower() or own.startswith(theirs) or theirs.startswith(own)
    return bool(own == theirs)


def _facter() -> ImportedHost:
    needs("facter")
    return facter.read(_said("facter", "--json"))[0]


def _ansible() -> ImportedHost:
    needs("ansible")
    return ansible_facts.read(
        _said("ansible", "localhost", "-c", "local", "-m", "setup", "-a", "gather_subset=all,!facter,!ohai")
    )[0]


def _fusioninventory() -> ImportedHost:
    needs("fusioninventory-inventory")
    return glpi.read(_said("fusioninventory-inventory", "--no-category=process,environment"))[0]


@pytest.mark.parametrize("others", [_facter, _ansible, _fusioninventory])
def test_whatever_they_report_we_report_with_the_same_values(ours: Named, others: Callable[[], ImportedHost]) -> None:
    assert _differences(others(), ours) == []


def test_on_other_platforms_psutil_gives_the_same_for_what_it_knows(ours: Named) -> None:
    portable = _named(scan(elsewhere(), Limits(sniff=False)))
    same = {
        "memory": ("size_bytes",),
        "address": ("address", "prefix"),
        "filesystem": ("size_bytes", "type"),
        "interface": ("mtu",),
    }
    for (class_, key), item in portable.items():
        for name in same.get(class_, ()):
            assert item.attributes[name] == ours[class_, key].attributes[name], (class_, key, name)


def test_on_other_platforms_psutil_finds_the_same_endpoints() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as loopback,
        socket.create_server(("", 0)) as anywhere,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as six,
    ):
        listening = {
            ("endpoint", f"tcp/{held.getsockname()[0]}:{held.getsockname()[1]}") for held in (loopback, anywhere)
        }
        listening.add(("endpoint", f"tcp/[::1]:{six.getsockname()[1]}"))
        for collectors in (ALL, elsewhere()):
            found = _named(scan(collectors, Limits(sniff=False)))
            assert listening <= found.keys(), [key for class_, key in found if class_ == "endpoint"]
