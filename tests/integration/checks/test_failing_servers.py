"""Servers that fail in every way that can be thought of: the right state, and words that say which it was."""

from __future__ import annotations

import gzip
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from checks.definition import Definition, Threshold
from checks.probes import network
from checks.result import Result, State
from checks.run import run
from tests.certificates import DAY, Authority
from tests.misbehaving import (
    Server,
    Treatment,
    black_hole,
    drips,
    greets,
    is_silent,
    request_of,
    resets,
    says,
    serving,
    with_tls,
)
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

OK_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


async def probe(type_: str, timeout_s: float = 5.0, **params: Any) -> Result:
    return await run(Definition(id="ci/check", ci="ci", type=type_, params=params, timeout_s=timeout_s))


async def get(server: Server, scheme: str = "http", timeout_s: float = 5.0, **params: Any) -> Result:
    return await probe("http", timeout_s, url=f"{scheme}://{server.host}:{server.port}/", **params)


def unused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.mark.parametrize("type_", ["tcp", "tls", "smtp", "ssh", "redis", "postgres", "mysql"])
async def test_a_refused_connection_says_that_nothing_listens_there(type_: str) -> None:
    port = unused_port()
    result = await probe(type_, host="127.0.0.1", port=port)
    assert (result.state, result.address) == (State.CRITICAL, f"127.0.0.1:{port}")
    assert result.output == f"127.0.0.1:{port} refused the connection: nothing listens there"


@pytest.mark.parametrize("type_", ["tcp", "tls"])
async def test_a_black_hole_is_told_from_a_refusal(type_: str) -> None:
    with black_hole() as (host, port):
        result = await probe(type_, 0.3, host=host, port=port)
    assert result.state is State.CRITICAL
    assert result.output == f"{host}:{port} timed out after 0.3 s, connecting: packets are lost or dropped on the way"


@pytest.mark.parametrize(
    ("type_", "params", "words"),
    [
        ("http", {}, "waiting for an answer: it accepted the connection and says nothing"),
        ("tls", {}, "in the TLS handshake"),
        ("tcp", {"expect": "hello"}, "it accepted the connection and says nothing"),
        ("ssh", {}, "greeting: it accepted the connection and says nothing"),
        ("smtp", {}, "greeting: it accepted the connection and says nothing"),
        ("imap", {"tls": "always", "verify": False}, "in the TLS handshake"),
        ("redis", {}, "waiting for its answer to PING"),
        ("postgres", {}, "waiting for its answer to a start-up message"),
        ("mysql", {}, "greeting: it accepted the connection and says nothing"),
    ],
)
async def test_a_server_that_accepts_and_then_is_silent_is_said_to(
    type_: str, params: dict[str, Any], words: str
) -> None:
    with serving(is_silent) as server:
        url = {"url": f"http://{server.host}:{server.port}/"}
        where = url if type_ == "http" else {"host": server.host, "port": server.port}
        result = await probe(type_, 0.3, **where, **params)
    assert result.state is State.CRITICAL
    assert "timed out after 0.3 s, " in result.output
    assert words in result.output


async def test_tcp_alone_is_content_with_a_server_that_accepts() -> None:
    with serving(is_silent) as server:
        result = await probe("tcp", host=server.host, port=server.port)
    assert result.state is State.OK
    assert set(result.phases) == {"connect", "total"}


async def test_a_slow_drip_says_how_far_it_came() -> None:
    with serving(drips(OK_ANSWER)) as server:
        result = await get(server, timeout_s=0.5)
    assert result.state is State.CRITICAL
    assert "timed out after 0.5 s, reading the head of the answer" in result.output
    assert "bytes so far" in result.output


async def test_a_body_that_drips_says_that_it_is_the_body() -> None:
    def treat(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nbegin")
        is_silent(connection)

    with serving(treat) as server:
        result = await get(server, timeout_s=0.3, body_contains="end")
    assert "reading the body of the answer" in result.output
    assert "5 bytes so far" in result.output


async def test_a_reset_is_told_from_an_end() -> None:
    with serving(resets) as server:
        result = await get(server)
    assert result.state is State.CRITICAL
    assert f"{server.host}:{server.port} reset the connection" in result.output


async def test_a_reset_in_the_middle_of_the_body_is_not_an_answer() -> None:
    begun = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    with serving(lambda connection: resets(connection, begun)) as server:
        result = await get(server, body_contains="whole")
    assert result.state is State.CRITICAL
    assert "reset the connection, reading the body of the answer" in result.output


@pytest.mark.parametrize(
    ("answer", "params", "words"),
    [
        (b"", {}, "the connection ended without an answer"),
        (b"HTTP/1.1 200 OK\r\nServer", {}, "the connection ended within the head"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", {}, "the answer does not begin with HTTP/1"),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", {}, "its status line is"),
        (b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", {}, "a header line is"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000 + b"\r\n\r\n", {}, "its head is longer than 64 KiB"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", {"body_contains": "x"}, "its Content-Length is"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", {"body_contains": "x"}, "ended within the body"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            {"body_contains": "x"},
            "a chunk begins with",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
            {"body_contains": "x"},
            "its compressed body is damaged",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nnope",
            {"body_contains": "x"},
            "which was not asked for",
        ),
    ],
)
async def test_what_is_no_http_is_said_to_be_none(answer: bytes, params: dict[str, Any], words: str) -> None:
    with serving(says(answer)) as server:
        result = await get(server, **params)
    assert result.state is State.CRITICAL
    assert words in result.output


@pytest.mark.parametrize(
    ("answer", "params", "expected", "actual"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", {}, "status 200-399", "503"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", {"status": "200,204"}, "status 200,204", "404"),
        (OK_ANSWER, {"body_contains": "bye"}, "body with 'bye'", "hello"),
        (OK_ANSWER, {"body_lacks": "hell"}, "body without 'hell'", "hello"),
        (OK_ANSWER, {"body_matches": "^b"}, "body matching '^b'", "hello"),
        (OK_ANSWER, {"header_contains": {"Server": "nginx"}}, "Server with 'nginx'", "no such header"),
    ],
)
async def test_a_failed_assertion_keeps_what_was_wanted_and_what_came(
    answer: bytes, params: dict[str, Any], expected: str, actual: str
) -> None:
    with serving(says(answer)) as server:
        result = await get(server, **params)
    assert (result.state, result.expected, result.actual) == (State.CRITICAL, expected, actual)


@pytest.mark.parametrize(
    "answer",
    [
        OK_ANSWER,
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK_ANSWER,
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    ],
)
async def test_an_answer_in_any_framing_is_read(answer: bytes) -> None:
    with serving(says(answer)) as server:
        result = await get(server, body_matches="^hello$")
    assert result.state is State.OK, result.output
    assert set(result.phases) == {"connect", "first_byte", "body", "total"}


JSON = b'HTTP/1.1 200 OK\r\n\r\n{"status": "UP", "queue": {"depth": 7}, "nodes": [{"ok": true}, {"ok": false}]}'


@pytest.mark.parametrize(
    ("answer", "wanted", "state", "words"),
    [
        (JSON, {"status": "UP", "queue.depth": 7, "nodes[0].ok": True}, State.OK, "answers 200 OK"),
        (JSON, {"length(nodes[?ok])": 2}, State.CRITICAL, "length(nodes[?ok]) is 1"),
        (JSON, {"status": "DOWN"}, State.CRITICAL, 'status is "UP"'),
        (JSON, {"nodes[1].ok": 0}, State.CRITICAL, "nodes[1].ok is false"),
        (JSON, {"gone": "x"}, State.CRITICAL, "gone is null"),
        (JSON, {"a[": 1}, State.UNKNOWN, "'a[' is no JMESPath"),
        (OK_ANSWER, {"status": "UP"}, State.CRITICAL, "its body is no JSON"),
    ],
)
async def test_values_within_a_json_body_are_held_against_what_they_should_be(
    answer: bytes, wanted: dict[str, Any], state: State, words: str
) -> None:
    with serving(says(answer)) as server:
        result = await get(server, json=wanted)
    assert result.state is state
    assert words in result.output


async def test_a_number_within_a_json_body_is_a_metric() -> None:
    with serving(says(JSON)) as server:
        result = await get(server, values={"depth": "queue.depth"})
        no_number = await get(server, values={"depth": "status"})
    assert {metric.name: metric.value for metric in result.metrics}["depth"] == 7.0
    assert "status is no number" in no_number.output


async def test_a_redirect_loop_is_named_with_its_way() -> None:
    def treat(connection: socket.socket) -> None:
        path = request_of(connection).split()[1].decode()
        onward = "/b" if path == "/" else "/"
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {onward}\r\n\r\n".encode())

    with serving(treat) as server:
        result = await get(server, max_redirects=5)
    assert result.state is State.CRITICAL
    assert "redirects in a circle" in result.output
    assert result.actual is not None
    assert "/b" in result.actual


async def test_endless_redirects_end_at_their_limit() -> None:
    def treat(connection: socket.socket) -> None:
        path = request_of(connection).split()[1].decode()
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {path}x\r\n\r\n".encode())

    with serving(treat) as server:
        result = await get(server, max_redirects=3)
    assert "redirects more than 3 times" in result.output


async def test_a_redirect_is_an_answer_where_none_is_followed() -> None:
    with serving(says(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n")) as server:
        result = await get(server)
    assert result.state is State.OK


async def test_a_redirect_to_a_stranger_does_not_carry_the_secret_along(tmp_path: Any) -> None:
    secret = tmp_path / "token"
    secret.write_text("s3cret\n")
    seen: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        seen.append(request_of(connection))
        connection.sendall(OK_ANSWER)

    with serving(listen) as stranger:
        onward = f"HTTP/1.1 302 Found\r\nLocation: http://{stranger.host}:{stranger.port}/\r\n\r\n".encode()
        first: list[bytes] = []

        def redirect(connection: socket.socket) -> None:
            first.append(request_of(connection))
            connection.sendall(onward)

        with serving(redirect) as server:
            result = await get(server, max_redirects=1, token_file=str(secret))
    assert result.state is State.OK
    assert b"Authorization: Bearer s3cret" in first[0]
    assert b"s3cret" not in seen[0]


async def test_a_huge_body_is_not_read_where_nobody_asks_for_it() -> None:
    sent: list[int] = []

    def treat(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)
            sent.append(65536)

    with serving(treat) as server:
        result = await get(server)
        assert result.state is State.OK
        bounded = await get(server, body_contains="y", max_body_bytes=100_000)
    assert bounded.state is State.CRITICAL
    assert "within its first 100000 bytes" in bounded.output
    assert sum(sent) < 50_000_000


async def test_a_gzip_bomb_inflates_to_the_limit_and_no_further() -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(bomb), bomb)
    with serving(says(answer)) as server:
        result = await get(server, body_contains="x", max_body_bytes=1_000_000)
    assert result.state is State.CRITICAL
    assert "within its first 1000000 bytes" in result.output


async def test_a_gzipped_body_is_read() -> None:
    body = gzip.compress(b"hello")
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with serving(says(answer)) as server:
        result = await get(server, body_contains="hello")
    assert result.state is State.OK


async def test_a_name_that_does_not_exist_is_said_to() -> None:
    result = await probe("tcp", host="no-such-host.invalid", port=80)
    assert result.state in {State.CRITICAL, State.UNKNOWN}  # unknown where this machine has no resolver at all
    assert "no-such-host.invalid" in result.output
    assert "dns" in result.phases


@pytest.mark.parametrize(
    ("code", "state", "reason", "words"),
    [
        (socket.EAI_NONAME, State.CRITICAL, None, "the name shop.example has no address"),
        (socket.EAI_AGAIN, State.UNKNOWN, "resolver", "the name shop.example cannot be looked up"),
    ],
)
@pytest.mark.parametrize("type_", ["tcp", "tls", "http", "icmp", "redis"])
async def test_a_name_without_an_address_is_told_from_a_resolver_that_fails(
    monkeypatch: pytest.MonkeyPatch, type_: str, code: int, state: State, reason: str | None, words: str
) -> None:
    def fail(*_: object) -> None:
        raise socket.gaierror(code, "as it was told")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    result = await by_name(type_)
    assert (result.state, result.reason) == (state, reason)
    assert words in result.output


@pytest.mark.parametrize("type_", ["tcp", "http", "icmp"])
async def test_a_resolver_that_says_nothing_makes_no_target_down(monkeypatch: pytest.MonkeyPatch, type_: str) -> None:
    enough = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: enough.wait(60) and [])
    result = await by_name(type_, timeout_s=0.2)
    enough.set()
    assert (result.state, result.reason) == (State.UNKNOWN, "resolver")
    assert result.output == "timed out after 0.2 s, waiting for the name shop.example to be resolved"


async def test_a_dead_address_of_a_name_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "NEXT_ADDRESS_AFTER_S", 0.2)
    with black_hole() as dead, serving(says(OK_ANSWER)) as server:
        alive = (server.host, server.port)
        for addresses, state, address in (
            ([dead, alive], State.OK, alive),
            ([dead, ("127.0.0.1", unused_port())], State.CRITICAL, None),
        ):
            found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in addresses]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, found=found: found)
            result = await by_name("tcp")
            assert result.state is state, result.output
            assert address is None or result.address == f"{address[0]}:{address[1]}"
    assert f"{dead[0]}:{dead[1]} did not answer: packets are lost or dropped on the way; " in result.output
    assert "refused the connection: nothing listens there" in result.output


async def by_name(type_: str, timeout_s: float = 30.0) -> Result:
    if type_ == "http":
        return await probe("http", timeout_s, url="http://shop.example/")
    port = {} if type_ == "icmp" else {"port": 80}
    return await probe(type_, timeout_s, host="shop.example", **port)


@pytest.mark.parametrize(
    ("type_", "words"), [("mysql", "waiting for the query"), ("postgres", "waiting for the query")]
)
async def test_a_database_that_accepts_and_is_silent_holds_no_driver(type_: str, words: str) -> None:
    with serving(is_silent) as server:
        result = await probe(type_, 0.5, host=server.host, port=server.port, query="SELECT 1")
        wait_for("the driver's thread to end", lambda: not any(one.name == "aside" for one in threading.enumerate()))
    assert (result.state, result.address) == (State.CRITICAL, f"{server.host}:{server.port}")
    assert words in result.output


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
async def test_a_server_on_ipv6_only_is_found_and_its_address_told() -> None:
    with serving(says(OK_ANSWER), family=socket.AF_INET6, address="::1") as server:
        found = await probe("http", url=f"http://[::1]:{server.port}/")
        refused = await probe("tcp", host="127.0.0.1", port=server.port)
        wrong = await probe("tcp", host="::1", port=server.port, family="ipv4")
    assert (found.state, found.address) == (State.OK, f"[::1]:{server.port}")
    assert refused.state is State.CRITICAL
    assert (wrong.state, wrong.reason) == (State.UNKNOWN, "bad_params")


async def shake_hands(type_: str, server: Server, ca_file: str) -> Result:
    if type_ == "http":
        return await get(server, "https", ca_file=ca_file)
    return await probe("tls", host=server.host, port=server.port, ca_file=ca_file)


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("127.0.0.1", {"begins": -90 * DAY, "ends": -3 * DAY}, "has expired"),
        ("127.0.0.1", {"begins": 2 * DAY}, "is not valid yet"),
        ("127.0.0.1", {"self_signed": True}, "is self-signed"),
        ("127.0.0.2", {}, "is for another address"),
        ("other.example", {}, "is for another"),
    ],
)
@pytest.mark.parametrize("type_", ["tls", "http"])
async def test_a_wrong_certificate_is_said_to_be_wrong_in_its_way(
    authority: Authority, type_: str, name: str, wrong: dict[str, Any], words: str
) -> None:
    with serving(with_tls(authority.context(name, **wrong), is_silent)) as server:
        result = await shake_hands(type_, server, str(authority.file))
    assert result.state is State.CRITICAL
    assert words in result.output


def answers_anything(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize(
    ("treatment", "words"),
    [
        (greets(b"SSH-2.0-OpenSSH_9.2\r\n"), "does not speak TLS"),
        (answers_anything, "does not speak TLS"),
        (lambda connection: connection.recv(4096), "closed the connection during the TLS handshake"),
        (resets, "reset the connection, in the TLS handshake"),
    ],
)
@pytest.mark.parametrize("type_", ["tls", "http"])
async def test_a_peer_that_does_not_speak_tls_is_told_from_one_that_breaks_off(
    authority: Authority, type_: str, treatment: Treatment, words: str
) -> None:
    with serving(treatment) as server:
        result = await shake_hands(type_, server, str(authority.file))
    assert result.state is State.CRITICAL
    assert words in result.output


async def test_a_ca_file_that_changes_is_read_again(authority: Authority, tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(Authority(tmp_path, "another").file.read_bytes())
    with serving(with_tls(authority.context("127.0.0.1"), is_silent)) as server:
        before = await shake_hands("tls", server, str(ca_file))
        ca_file.write_bytes(authority.file.read_bytes())
        os.utime(ca_file, (0, 0))
        after = await shake_hands("tls", server, str(ca_file))
    assert (before.state, after.state) == (State.CRITICAL, State.OK)


async def test_an_issuer_that_nobody_knows_is_named(authority: Authority) -> None:
    with serving(with_tls(authority.context("127.0.0.1"), is_silent)) as server:
        result = await probe("tls", host=server.host, port=server.port)
    assert result.state is State.CRITICAL
    assert "issuer that is not known here" in result.output
    assert "CN=Watchdeck test authority" in result.detail


async def test_an_expired_certificate_is_reported_with_its_dates(authority: Authority) -> None:
    context = authority.context("127.0.0.1", begins=-90 * DAY, ends=-3 * DAY)
    with serving(with_tls(context, is_silent)) as server:
        for verify in (True, False):
            result = await probe("tls", host=server.host, port=server.port, verify=verify, ca_file=str(authority.file))
            assert "3 days ago" in result.output
            assert {metric.name: round(metric.value or 0) for metric in result.metrics}["days_left"] == -3


async def test_a_good_certificate_tells_how_long_it_lasts(authority: Authority) -> None:
    context = authority.context("127.0.0.1", "www.example", begins=-10 * DAY, ends=90 * DAY)
    with serving(with_tls(context, is_silent)) as server:
        result = await probe("tls", host=server.host, port=server.port, ca_file=str(authority.file))
        named = await probe(
            "tls", host=server.host, port=server.port, ca_file=str(authority.file), server_name="www.example"
        )
    assert (result.state, named.state) == (State.OK, State.OK)
    measured = {metric.name: round(metric.value or 0) for metric in result.metrics}
    assert measured == {"days_left": 90, "lifetime_used_percent": 10}
    assert "for 127.0.0.1, www.example" in result.detail


async def test_a_certificate_that_ends_soon_is_for_thresholds_to_judge(authority: Authority) -> None:
    with serving(with_tls(authority.context("127.0.0.1", ends=5 * DAY), is_silent)) as server:
        result = await run(
            Definition(
                id="ci/tls",
                ci="ci",
                type="tls",
                params={"host": server.host, "port": server.port, "verify": False},
                thresholds={"days_left": Threshold("14:", "3:")},
            )
        )
    assert result.state is State.WARNING
    assert result.expected == "days_left at least 14"


async def test_https_works_whole_and_shows_each_phase(authority: Authority) -> None:
    with serving(with_tls(authority.context("127.0.0.1"), says(OK_ANSWER))) as server:
        result = await get(server, "https", ca_file=str(authority.file), body_contains="hello")
    assert result.state is State.OK, result.output
    assert list(result.phases) == ["connect", "tls", "first_byte", "body", "total"]


@pytest.mark.parametrize(
    ("type_", "params", "words"),
    [
        ("http", {"url": "gopher://x"}, "is no http or https URL"),
        ("http", {"url": "http://mia:s3cret@x/"}, "its URL names a user"),
        ("http", {"url": "http://x", "status": "fine"}, "is no list of codes"),
        ("http", {"url": "http://x", "body_matches": "("}, "unterminated subpattern"),
        ("tcp", {"host": "127.0.0.1"}, "missing required field `port`"),
        ("tcp", {"host": "127.0.0.1", "port": 1, "prot": 2}, "unknown field `prot`"),
        ("tcp", {"host": "127.0.0.1", "port": "web"}, "Expected `int`"),
        ("nonsense", {}, "no probe of type 'nonsense'"),
    ],
)
async def test_a_check_that_cannot_be_run_as_defined_is_unknown(type_: str, params: dict[str, Any], words: str) -> None:
    result = await probe(type_, **params)
    assert result.state is State.UNKNOWN
    assert result.reason in {"bad_params", "unsupported"}
    assert words in result.output
    assert "s3cret" not in result.output
