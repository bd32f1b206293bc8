"""What is found gets the checks that an operator would have asked for, and no noise."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from checks.definition import Definition
from checks.probes import JUDGED_AT_HUB, PROBES, load
from checks.propose import SPOKEN, propose
from checks.threshold import parse_range


def ci(class_: str, key: str, **attributes: Any) -> dict[str, Any]:
    return {"id": "01ci", "class": class_, "key": key, "attributes": attributes}


def names(body: dict[str, Any]) -> list[str]:
    return [definition.id.removeprefix("01ci/") for definition in propose(body)]


EVERYTHING = [
    ci("host", "host"),
    ci("filesystem", "/var", type="ext4", options="rw,relatime", size_bytes=10**11),
    ci("endpoint", "tcp/0.0.0.0:80", transport="tcp", address="0.0.0.0", port=80, protocol="http"),
    ci("endpoint", "tcp/0.0.0.0:443", transport="tcp", address="0.0.0.0", port=443, protocol="https"),
    ci("endpoint", "tcp/0.0.0.0:22", transport="tcp", address="0.0.0.0", port=22, protocol="ssh"),
    *(ci("endpoint", f"tcp/0.0.0.0:{port}", protocol=name) for port, name in enumerate(SPOKEN, 1)),
    ci("unit", "nginx.service", type="service", loaded="loaded", enabled="enabled"),
]


def test_a_host_gets_load_memory_swap_clock_and_heartbeat() -> None:
    assert names(ci("host", "host")) == ["load", "memory", "swap", "clock", "heartbeat"]


def test_a_containers_clock_is_its_hosts() -> None:
    assert "clock" not in names(ci("host", "host", virtualisation="docker"))


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("http", ["reachable", "http"]),
        ("https", ["reachable", "http", "certificate"]),
        ("tls", ["reachable", "certificate"]),
        ("ssh", ["greeting"]),
        ("smtp", ["greeting"]),
        ("postgresql", ["ready"]),
        ("mysql", ["ready"]),
        ("unknown", ["reachable"]),
        (None, ["reachable"]),
    ],
)
def test_an_endpoint_is_checked_by_what_it_speaks(protocol: str | None, expected: list[str]) -> None:
    attributes = {"protocol": protocol} if protocol else {}
    assert names(ci("endpoint", "tcp/0.0.0.0:8080", transport="tcp", **attributes)) == expected


@pytest.mark.parametrize(
    ("key", "address", "host"),
    [
        ("tcp/0.0.0.0:80", "0.0.0.0", "127.0.0.1"),
        ("tcp/[::]:80", "::", "::1"),
        ("tcp/[::]:80", None, "::1"),
        ("tcp/*:80", "*", "127.0.0.1"),
        ("tcp/192.0.2.7:80", "192.0.2.7", "192.0.2.7"),
        ("tcp/[2001:db8::7]:80", "2001:db8::7", "2001:db8::7"),
        ("tcp/127.0.0.53:80", None, "127.0.0.53"),
    ],
)
def test_an_endpoint_is_probed_where_it_can_be_reached(key: str, address: str | None, host: str) -> None:
    attributes = {"address": address, "port": 80} if address else {}
    (reachable,) = propose(ci("endpoint", key, **attributes))
    assert reachable.params == {"host": host, "port": 80}


def test_an_ipv6_web_server_gets_a_url_that_is_one() -> None:
    _, http = propose(ci("endpoint", "tcp/[::]:8080", protocol="http"))
    assert http.params["url"] == "http://[::1]:8080/"


@pytest.mark.parametrize(
    "quiet",
    [
        ci("endpoint", "udp/0.0.0.0:53", transport="udp"),
        ci("endpoint", "tcp/127.0.0.1:43871", transport="tcp"),
        ci("endpoint", "tcp/0.0.0.0:80@web", transport="tcp", namespace="web"),
        ci("endpoint", "tcp/nonsense"),
        ci("endpoint", "tcp/0.0.0.0:99999"),
        ci("endpoint", "tcp/192.0.2.7:3306", protocol="mysql"),
        ci("filesystem", "/snap/core/1", type="squashfs", options="ro", size_bytes=10**8),
        ci("filesystem", "/mnt/cd", type="iso9660", options="ro", size_bytes=10**9),
        ci("filesystem", "/usr", type="ext4", options="ro,relatime", size_bytes=10**10),
        ci("filesystem", "/run/credentials", type="tmpfs", options="rw", size_bytes=4096),
        ci("unit", "nginx.service", type="service", loaded="masked", enabled="masked"),
        ci("unit", "dev-sda.device", type="device", loaded="loaded"),
        ci("package", "openssl"),
        ci("unheard_of", "x"),
    ],
)
def test_what_would_only_make_noise_is_left_alone(quiet: dict[str, Any]) -> None:
    assert propose(quiet) == []


def test_a_web_server_on_a_high_port_is_checked_for_what_it_speaks() -> None:
    assert names(ci("endpoint", "tcp/127.0.0.1:43871", protocol="http")) == ["reachable", "http"]


def test_a_large_filesystem_may_be_fuller() -> None:
    (small,) = propose(ci("filesystem", "/var", size_bytes=10**11))
    (large,) = propose(ci("filesystem", "/srv", size_bytes=10**13))
    assert (small.thresholds["used_percent"].crit, large.thresholds["used_percent"].crit) == ("95", "98")


@pytest.mark.parametrize("body", EVERYTHING, ids=lambda body: body["key"])
def test_every_proposal_is_one_that_its_probe_takes(body: dict[str, Any]) -> None:
    for definition in propose(body):
        if definition.type not in JUDGED_AT_HUB:
            assert definition.type in PROBES
            msgspec.convert(definition.params, load(definition.type).params)
        _assert_sane(definition)


def _assert_sane(definition: Definition) -> None:
    assert definition.ci == "01ci"
    assert 0 < definition.retry_s <= definition.interval_s
    for threshold in definition.thresholds.values():
        for text in (threshold.warn, threshold.crit):
            assert text is None or parse_range(text)
