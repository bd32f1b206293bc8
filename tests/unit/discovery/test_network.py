"""Sockets, routes and connections from /proc/net."""

from __future__ import annotations

import struct

import pytest

from agent.discovery import endpoint
from agent.discovery.address import Address, parse_address, parse_messages
from agent.discovery.collector import Look, Shared
from agent.discovery.connection import connection_items, peers, plain
from agent.discovery.endpoint import listed
from agent.discovery.processes import Process
from agent.discovery.programs import Program, Programs
from agent.discovery.route import parse_ipv4, parse_ipv6
from agent.discovery.sniff import Spoken, Target
from agent.discovery.sockets import ESTABLISHED, LISTEN, Socket, parse_sockets
from tests.unit.discovery.recorded import recorded

OWN = "net:[1]"
NO_PORTS = range(0)


def _socket(address: str, port: int, *, inode: int = 1, peer: tuple[str, int] = ("0.0.0.0", 0)) -> Socket:
    state = ESTABLISHED if peer[1] else LISTEN
    return Socket("tcp", address, port, peer[0], peer[1], state, 0, inode, 6 if ":" in address else 4)


def _program(key: str, *, namespace: str = OWN) -> Program:
    process = Process(7, 1, 7, 0, 100, key, (key,), 0, "", None, namespace)
    return Program("unit", key, key, [process], namespace)


def test_listening_sockets_of_a_debian_host() -> None:
    states = frozenset({LISTEN})
    v4 = parse_sockets(recorded("sockets/debian-12-tcp.txt"), "tcp", 4, states)
    v6 = parse_sockets(recorded("sockets/debian-12-tcp6.txt"), "tcp", 6, states)
    assert {held.key for held in v4} == {"tcp/0.0.0.0:22", "tcp/0.0.0.0:80", "tcp/127.0.0.1:5432", "tcp/127.0.0.1:6379"}
    assert {held.key for held in v6} == {"tcp/[::]:22", "tcp/[::]:80", "tcp/[::1]:5432", "tcp/[::1]:6379"}
    assert all(held.inode for held in v4 + v6)


def test_routes_by_interface() -> None:
    assert [str(route) for route in parse_ipv4(recorded("route/ipv4.txt"))] == ["default via 192.0.2.1", "192.0.2.0/24"]
    assert [str(route) for route in parse_ipv6(recorded("route/ipv6.txt"))] == [
        "fd00::/64 metric 256", "fe80::/64 metric 256", "default via fd00::1 metric 1024",
    ]  # fmt: skip


def test_an_address_message_of_the_kernel() -> None:
    flags = struct.pack("=HHI", 8, 8, 0x80)
    local = struct.pack("=HH4B", 8, 2, 192, 0, 2, 2)
    body = struct.pack("=BBBBI", 2, 24, 0, 0, 3) + local + flags
    message = struct.pack("=IHHII", 16 + len(body), 20, 0, 0, 0) + body
    ((type_, content),) = parse_messages(message + b"\1\2")
    assert type_ == 20
    assert parse_address(content, {3: "eth0"}) == Address("eth0", "192.0.2.2", 24, "global", 4, 0x80)


def test_a_privacy_address_is_passing() -> None:
    assert Address("eth0", "fd00::1", 64, "global", 6, 0x01).is_passing
    assert not Address("eth0", "192.0.2.1", 24, "global", 4, 0x01).is_passing  # there it says secondary


def test_a_port_in_another_namespace_is_not_the_hosts() -> None:
    web, boxed = _program("nginx.service"), _program("container/shop/web", namespace="net:[2]")
    sockets = {OWN: [_socket("0.0.0.0", 80, inode=1)], "net:[2]": [_socket("0.0.0.0", 80, inode=2)]}
    programs = Programs([web, boxed], sockets, {1: web, 2: boxed}, OWN)
    assert [(key, own) for key, _, _, own in listed(programs, NO_PORTS)] == [
        ("tcp/0.0.0.0:80", True), ("tcp/0.0.0.0:80@container/shop/web", False),
    ]  # fmt: skip


def test_an_endpoint_that_is_asked_again_and_too_busy_to_answer_speaks_what_it_spoke(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    web = _program("nginx.service")
    monkeypatch.setattr(Shared, "programs", Programs([web], {OWN: [_socket("0.0.0.0", 443)]}, {1: web}, OWN))
    asked: list[Target] = []

    def too_busy(targets: list[Target]) -> dict[str, Spoken]:
        asked.extend(targets)
        return {}

    monkeypatch.setattr(endpoint, "sniff", too_busy)
    mark = f"{web.main.pid}:{web.main.start}"
    long_ago, key = 0.0, "tcp/0.0.0.0:443"
    look = Look(memory={"spoken": {key: (mark, long_ago, "https", b"no certificate")}})
    (item,) = endpoint.collect_endpoints(look)
    assert [target.key for target in asked] == [key]
    assert item.attributes["protocol"] == "https"
    assert look.memory["spoken"][key][1] == long_ago  # the next scan asks anew


def test_a_question_by_udp_is_no_endpoint() -> None:
    def udp(port: int) -> Socket:
        return Socket("udp", "0.0.0.0", port, "0.0.0.0", 0, 0x07, 0, port, 4)

    programs = Programs([], {OWN: [udp(53), udp(40000)]}, {}, OWN)
    assert [key for key, *_ in listed(programs, range(32768, 61000))] == ["udp/0.0.0.0:53"]


def test_connections_are_told_apart_by_direction() -> None:
    web, app = _program("nginx.service"), _program("app.service")
    sockets = [
        _socket("0.0.0.0", 80, inode=1),
        _socket("192.0.2.2", 80, inode=2, peer=("192.0.2.9", 50001)),  # someone asks us
        _socket("192.0.2.2", 80, inode=3, peer=("192.0.2.9", 50002)),
        _socket("192.0.2.2", 50003, inode=4, peer=("192.0.2.5", 5432)),  # we ask someone
        _socket("::ffff:192.0.2.2", 50004, inode=5, peer=("::ffff:192.0.2.5", 5432)),
        _socket("127.0.0.1", 80, inode=6, peer=("127.0.0.1", 50005)),  # the far end of our own question
        _socket("192.0.2.2", 50006, inode=7, peer=("192.0.2.6", 1)),  # nobody known asks
    ]
    programs = Programs([web, app], {OWN: sockets}, {1: web, 2: web, 3: web, 4: app, 5: app, 6: web}, OWN)
    items = connection_items(peers(programs), OWN)
    assert {(item.key, item.metrics["connections"]) for item in items} == {
        ("tcp/0.0.0.0:80 < 192.0.2.9", 2), ("app.service > tcp/192.0.2.5:5432", 2),
    }  # fmt: skip


def test_an_endpoint_that_the_world_asks_lists_no_peers() -> None:
    web = _program("nginx.service")
    world = [_socket("192.0.2.2", 80, inode=n, peer=(f"203.0.113.{n}", 5000 + n)) for n in range(2, 80)]
    programs = Programs([web], {OWN: [_socket("0.0.0.0", 80), *world]}, dict.fromkeys(range(1, 80), web), OWN)
    assert connection_items(peers(programs), OWN) == []


def test_an_ipv4_peer_of_an_ipv6_socket() -> None:
    assert plain("::ffff:192.0.2.1") == "192.0.2.1"
    assert plain("fd00::1") == "fd00::1"
