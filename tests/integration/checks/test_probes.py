"""Probes against real things on this machine: its memory and processes, its ping, its own small servers."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.aside import aside, settled
from checks.definition import Definition, Threshold
from checks.dns_message import TYPES
from checks.recall import RECALL, Recall
from checks.result import Result, State
from checks.run import run
from tests.certificates import Authority
from tests.misbehaving import greets, is_silent, request_of, serving
from tests.programs import needs

pytestmark = pytest.mark.slow


async def probe(type_: str, timeout_s: float = 5.0, **params: Any) -> Result:
    return await run(Definition(id="ci/check", ci="ci", type=type_, params=params, timeout_s=timeout_s))


def measured(result: Result) -> dict[str, float | None]:
    return {metric.name: metric.value for metric in result.metrics}


async def test_a_hosts_own_numbers_are_those_of_its_system() -> None:
    load, memory, swap = [await probe(type_) for type_ in ("load", "memory", "swap")]
    assert {load.state, memory.state, swap.state} == {State.OK}
    assert measured(load)["load1"] == pytest.approx(os.getloadavg()[0], abs=0.5)
    available = int(
        next(line for line in Path("/proc/meminfo").read_text().splitlines() if "MemAvail" in line).split()[1]
    )
    assert measured(memory)["available_bytes"] == pytest.approx(available * 1024, rel=0.1)


async def test_a_filesystem_is_as_full_as_df_says() -> None:
    result = await probe("filesystem", path="/", mounted=True)
    df = subprocess.run(["df", "--output=pcent,avail", "-B1", "/"], capture_output=True, text=True, check=True).stdout
    percent, free = df.splitlines()[1].split()
    assert result.state is State.OK
    assert measured(result)["used_percent"] == pytest.approx(float(percent.rstrip("%")), abs=1)
    assert measured(result)["free_bytes"] == pytest.approx(float(free), rel=0.05)


async def test_a_filesystem_that_went_is_told_from_one_that_is_full(tmp_path: Path) -> None:
    unmounted = await probe("filesystem", path=str(tmp_path), mounted=True)
    gone = await probe("filesystem", path=str(tmp_path / "gone"))
    full = await run(
        Definition("c/u", "c", "filesystem", {"path": "/"}, thresholds={"used_percent": Threshold(crit="0.0001")})
    )
    assert (unmounted.state, unmounted.output) == (State.CRITICAL, f"nothing is mounted on {tmp_path}")
    assert (gone.state, gone.output) == (State.CRITICAL, f"{tmp_path / 'gone'} is not there")
    assert full.state is State.CRITICAL
    assert "wanted used_percent at most 0.0001" in full.output


async def test_a_hanging_mount_is_critical_and_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    real = os.statvfs

    def hang(path: str) -> os.statvfs_result:
        if path == "/dead":
            release.wait(20)
        return real("/")

    monkeypatch.setattr(os, "statvfs", hang)
    try:
        dead, alive = await asyncio.gather(
            probe("filesystem", 0.3, path="/dead"), probe("filesystem", 0.3, path="/alive")
        )
    finally:
        release.set()
    assert alive.state is State.OK
    assert (dead.state, dead.output) == (
        State.CRITICAL,
        "timed out after 0.3 s, waiting for /dead: the mount hangs, as a dead network filesystem does",
    )


async def test_processes_are_counted() -> None:
    child = subprocess.Popen(["sleep", "60.25"])
    try:
        one = await probe("process", command_contains="sleep 60.25")
        many = await probe("process", command_contains="sleep 60.25", at_least=2)
    finally:
        child.kill()
        child.wait()
    none = await probe("process", command_contains="sleep 60.25")
    assert (one.state, many.state, none.state) == (State.OK, State.CRITICAL, State.CRITICAL)
    assert (many.expected, many.actual) == ("at least 2", "1")


async def test_ping_of_this_machine_and_of_nothing() -> None:
    # It ends with the last answer, not with the time for it.
    result = await probe("icmp", host="127.0.0.1", count=2, spacing_s=0.01, wait_s=1000.0)
    if result.reason == "not_permitted":
        pytest.skip(result.output)
    assert result.state is State.OK
    assert measured(result)["loss_percent"] == 0.0


async def test_ping_over_ipv6() -> None:
    result = await probe("icmp", host="::1", count=2, spacing_s=0.01)
    if result.reason == "not_permitted":
        pytest.skip(result.output)
    assert result.state is State.OK, result.output


@pytest.fixture
def udp() -> Iterator[tuple[socket.socket, int]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)
        yield sock, sock.getsockname()[1]


def answering(sock: socket.socket, make: Any) -> threading.Thread:
    def serve() -> None:
        question, peer = sock.recvfrom(4096)
        sock.sendto(make(question), peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


async def test_a_udp_port_that_answers_is_silent_or_refuses(udp: tuple[socket.socket, int]) -> None:
    sock, port = udp
    silent = await probe("udp", host="127.0.0.1", port=port, wait_s=0.1)
    expecting = await probe("udp", 0.2, host="127.0.0.1", port=port, send="hi", expect="there")
    while True:  # what the two before left in the queue
        sock.settimeout(0.05)
        try:
            sock.recvfrom(4096)
        except TimeoutError:
            break
    sock.settimeout(10)
    answering(sock, lambda question: question + b" there")
    good = await probe("udp", host="127.0.0.1", port=port, send="hi", expect="hi there")
    sock.close()
    refused = await probe("udp", host="127.0.0.1", port=port, send="hi")
    assert (silent.state, silent.output) == (State.OK, f"127.0.0.1:{port} does not refuse, and is silent for 0.1 s")
    assert (expecting.state, expecting.output) == (
        State.CRITICAL,
        f"127.0.0.1:{port} timed out after 0.2 s, waiting for its answer",
    )
    assert good.state is State.OK
    assert refused.state is State.CRITICAL
    assert "nothing listens there" in refused.output


def dns_reply(question: bytes, code: int = 0, addresses: tuple[str, ...] = (), truncated: bool = False) -> bytes:
    flags = 0x8180 | code | (0x0200 if truncated else 0)
    head = question[:2] + struct.pack("!HHHHH", flags, 1, len(addresses), 0, 0)
    records = b"".join(
        b"\xc0\x0c" + struct.pack("!HHIH", TYPES["A"], 1, 60, 4) + socket.inet_aton(one) for one in addresses
    )
    return head + question[12:] + records


async def test_a_name_server_is_held_against_what_it_should_say(udp: tuple[socket.socket, int]) -> None:
    sock, port = udp
    asked: dict[str, Any] = {"name": "www.example", "host": "127.0.0.1", "port": port}
    answering(sock, lambda question: dns_reply(question, addresses=("192.0.2.1",)))
    right = await probe("dns", **asked, expect=("192.0.2.1",))
    answering(sock, lambda question: dns_reply(question, addresses=("192.0.2.9",)))
    wrong = await probe("dns", **asked, expect=("192.0.2.1",))
    answering(sock, lambda question: dns_reply(question, code=3))
    missing = await probe("dns", **asked)
    answering(sock, lambda question: dns_reply(question, code=3))
    rightly_missing = await probe("dns", **asked, code="no such name")
    answering(sock, lambda question: b"garbage")
    garbage = await probe("dns", **asked)
    assert (right.state, rightly_missing.state) == (State.OK, State.OK)
    assert (wrong.state, wrong.expected, wrong.actual) == (State.CRITICAL, "192.0.2.1", "192.0.2.9")
    assert "no such name for www.example A" in missing.output
    assert "this is no DNS answer" in garbage.output


async def test_a_long_dns_answer_is_fetched_by_tcp(udp: tuple[socket.socket, int]) -> None:
    sock, port = udp
    addresses = tuple(f"192.0.2.{number}" for number in range(1, 100))
    answering(sock, lambda question: dns_reply(question, truncated=True))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", port))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                reply = dns_reply(connection.recv(4096)[2:], addresses=addresses)
                connection.sendall(struct.pack("!H", len(reply)) + reply)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        result = await probe("dns", name="www.example", host="127.0.0.1", port=port)
        thread.join()
    assert result.state is State.OK
    assert measured(result)["records"] == 99


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        ({}, State.OK, "this host's clock is"),
        ({"stratum": 0}, State.CRITICAL, "turns us away (RATE)"),
        ({"leap": 3}, State.CRITICAL, "does not know the time itself"),
        ({"token": False}, State.CRITICAL, "answers another question than ours"),
    ],
)
async def test_a_time_server_is_believed_only_where_it_can_be(
    udp: tuple[socket.socket, int], change: dict[str, Any], state: State, words: str
) -> None:
    sock, port = udp

    def reply(question: bytes) -> bytes:
        now = int((time.time() + 2208988800) * 2**32)
        token = question[40:48] if change.get("token", True) else bytes(8)
        first = change.get("leap", 0) << 6 | 0x24
        head = struct.pack("!BBbb", first, change.get("stratum", 2), 0, 0) + bytes(8) + b"RATE" + bytes(8)
        return head + token + struct.pack("!QQ", now, now)

    answering(sock, reply)
    result = await probe("ntp", host="127.0.0.1", port=port)
    assert result.state is state
    assert words in result.output
    if state is State.OK:
        offset_ms = measured(result)["offset_ms"]
        assert offset_ms is not None
        assert offset_ms < 1000


async def test_an_ssh_server_is_known_by_greeting_and_key(tmp_path: Path) -> None:
    needs("ssh-keyscan", "ssh-keygen")
    sshd = shutil.which("sshd") or "/usr/sbin/sshd"
    if not Path(sshd).exists():
        with serving(greets(b"some words first\r\nSSH-2.0-Watchdeck\r\n")) as server:
            result = await probe("ssh", host=server.host, port=server.port)
        assert result.state is State.OK
        assert "greets as SSH-2.0-Watchdeck" in result.output
        return
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    listing = subprocess.run(["ssh-keygen", "-lf", key], capture_output=True, text=True, check=True).stdout
    fingerprint = listing.split()[1]
    Path("/run/sshd").mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    daemon = subprocess.Popen([sshd, "-D", "-e", "-f", "/dev/null", "-h", key, "-p", str(port)], stderr=subprocess.PIPE)
    try:
        assert daemon.stderr is not None
        while b"Server listening" not in daemon.stderr.readline():
            assert daemon.poll() is None
        good = await probe("ssh", host="127.0.0.1", port=port, host_key=fingerprint)
        wrong = await probe("ssh", host="127.0.0.1", port=port, host_key="SHA256:wrong")
    finally:
        daemon.terminate()
        daemon.wait()
        assert daemon.stderr is not None
        daemon.stderr.close()
    assert good.state is State.OK, good.output
    assert (wrong.state, wrong.output) == (State.CRITICAL, f"127.0.0.1:{port} has another host key")
    assert fingerprint in str(wrong.actual)


@pytest.mark.parametrize(
    ("type_", "greeting", "exchange"),
    [
        ("smtp", b"220 mx ESMTP\r\n", [(b"EHLO", b"250-mx\r\n250 STARTTLS\r\n"), (b"STARTTLS", b"220 go on\r\n")]),
        ("imap", b"* OK ready\r\n", [(b"a1 STARTTLS", b"* CAPABILITY X\r\na1 OK go on\r\n")]),
        ("pop3", b"+OK ready\r\n", [(b"STLS", b"+OK go on\r\n")]),
    ],
)
async def test_a_mail_server_starts_tls(
    authority: Authority, type_: str, greeting: bytes, exchange: list[tuple[bytes, bytes]]
) -> None:
    context = authority.context("127.0.0.1")

    def treat(connection: socket.socket) -> None:
        connection.sendall(greeting)
        for said, answer in exchange:
            if not connection.recv(4096).startswith(said):
                return
            connection.sendall(answer)
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(4096)

    with serving(treat) as server:
        where: dict[str, Any] = {"host": server.host, "port": server.port}
        good = await probe(type_, **where, tls="start", ca_file=str(authority.file))
        unknown = await probe(type_, **where, tls="start")
        plain = await probe(type_, **where)
    assert good.state is State.OK, good.output
    assert "days_left" in measured(good)
    assert (unknown.state, plain.state) == (State.CRITICAL, State.OK)
    assert "issuer that is not known here" in unknown.output


async def test_a_mail_server_that_refuses_says_why() -> None:
    with serving(greets(b"554 no service for you\r\n")) as server:
        result = await probe("smtp", host=server.host, port=server.port)
    assert result.state is State.CRITICAL
    assert "does not say a greeting, but: 554 no service for you" in result.output


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (b"+PONG\r\n", State.OK, "answers PING"),
        (b"-NOAUTH Authentication required.\r\n", State.OK, "wants a login, so it is there"),
        (b"-LOADING Redis is loading the dataset in memory\r\n", State.CRITICAL, "refuses PING: LOADING"),
        (b"HTTP/1.1 400 Bad Request\r\n", State.CRITICAL, "does not speak Redis"),
        (b"", State.CRITICAL, "ends without an answer to PING"),
    ],
)
async def test_a_redis_server_is_pinged(answer: bytes, state: State, words: str) -> None:
    def treat(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    with serving(treat) as server:
        result = await probe("redis", host=server.host, port=server.port)
    assert result.state is state
    assert words in result.output


async def test_a_redis_command_has_an_answer_to_judge() -> None:
    def treat(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"+PONG\r\n")
        connection.recv(4096)
        connection.sendall(b":42\r\n")

    with serving(treat) as server:
        result = await probe("redis", host=server.host, port=server.port, command=("LLEN", "queue"))
    assert measured(result)["value"] == 42


def postgres_message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", 4 + len(body)) + body


@pytest.mark.parametrize(
    ("message", "state", "words"),
    [
        (postgres_message(b"R", struct.pack("!I", 10)), State.OK, "accepts connections"),
        (postgres_message(b"E", b"SFATAL\0C28000\0Mno pg_hba.conf entry\0\0"), State.OK, "accepts connections"),
        (
            postgres_message(b"E", b"SFATAL\0C57P03\0Mthe database system is starting up\0\0"),
            State.CRITICAL,
            "starting up",
        ),
        (
            postgres_message(b"E", b"SFATAL\0C53300\0Mtoo many clients already\0\0"),
            State.CRITICAL,
            "out of connections",
        ),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", State.CRITICAL, "does not speak PostgreSQL"),
    ],
)
async def test_postgresqls_first_word_tells_whether_it_takes_connections(
    message: bytes, state: State, words: str
) -> None:
    def treat(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(message)

    with serving(treat) as server:
        result = await probe("postgres", host=server.host, port=server.port)
    assert result.state is state
    assert words in result.output


@pytest.mark.parametrize(
    ("packet", "state", "words"),
    [
        (b"\x0a8.0.36-debian\0" + bytes(20), State.OK, "version 8.0.36-debian"),
        (b"\xff\x10\x04Too many connections", State.CRITICAL, "lets nobody in: Too many connections"),
        (b"220 mx ESMTP", State.CRITICAL, "does not greet as MySQL"),
    ],
)
async def test_mysqls_greeting_tells_its_version_or_why_not(packet: bytes, state: State, words: str) -> None:
    with serving(greets(len(packet).to_bytes(3, "little") + b"\0" + packet)) as server:
        result = await probe("mysql", host=server.host, port=server.port)
    assert result.state is state
    assert words in result.output


@pytest.mark.parametrize(("type_", "module"), [("mysql", "pymysql"), ("postgres", "psycopg")])
async def test_a_query_without_its_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, type_: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    result = await probe(type_, host="127.0.0.1", query="SELECT 1")
    assert (result.state, result.reason) == (State.UNKNOWN, "unsupported")
    assert f"watchdeck[{type_}]" in result.output


async def test_a_file_is_held_against_age_size_and_content(tmp_path: Path) -> None:
    file = tmp_path / "backup.log"
    file.write_text("backup done\n")
    os.utime(file, (time.time() - 7200,) * 2)
    good = await probe("file", path=str(file), matches="done$|done\n")
    bad = await probe("file", path=str(file), lacks="done")
    there = await probe("file", path=str(file), absent=True)
    gone = await probe("file", path=str(tmp_path / "none"))
    assert good.state is State.OK
    assert measured(good)["age_s"] == pytest.approx(7200, abs=60)
    assert {bad.state, there.state, gone.state} == {State.CRITICAL}


async def test_a_log_is_read_on_from_where_it_was(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("ERROR of long ago\n")
    params: dict[str, Any] = {"path": str(log), "pattern": "ERROR", "ignore": "harmless"}
    first = await probe("log", **params)
    with log.open("a") as file:
        file.write("fine\nERROR harmless\nERROR disk \x1b[31mon fire\nERROR half a li")
    second = await probe("log", **params)
    with log.open("a") as file:
        file.write("ne\n")
    third = await probe("log", **params)
    fourth = await probe("log", **params)
    log.rename(tmp_path / "app.log.1")
    log.write_text("ERROR after rotation\n")
    rotated = await probe("log", **params)
    assert [first.state, second.state, third.state, fourth.state, rotated.state] == [
        State.OK, State.CRITICAL, State.CRITICAL, State.OK, State.CRITICAL,
    ]  # fmt: skip
    assert (measured(second), second.detail) == ({"matches": 1.0, "lines": 3.0}, "ERROR disk [31mon fire")
    assert third.detail == "ERROR half a line"


async def test_what_is_remembered_outlives_a_restart(tmp_path: Path) -> None:
    before = Recall()
    before.keep_in(tmp_path / "recall")
    before.put("log x", [1, 2])
    before.save()
    after = Recall()
    after.keep_in(tmp_path / "recall")
    assert after.get("log x") == [1, 2]
    (tmp_path / "recall").write_text("torn {")
    Recall().keep_in(tmp_path / "recall")


async def test_rates_come_with_the_second_look() -> None:
    RECALL.put("network_errors lo", None)
    first = await probe("network_errors", interface="lo")
    second = await probe("network_errors", interface="lo")
    missing = await probe("network_errors", interface="none0")
    assert (first.metrics, first.state) == ((), State.OK)
    assert set(measured(second)) == {"errors_per_s", "drops_per_s"}
    assert missing.state is State.CRITICAL


@pytest.mark.parametrize(
    ("body", "state", "words"),
    [
        (b'{"State": {"Status": "running"}, "RestartCount": 2}', State.OK, "container web runs"),
        (
            b'{"State": {"Status": "running", "Health": {"Status": "unhealthy", "Log": [{"Output": "no\\nluck"}]}}}',
            State.CRITICAL,
            "its own health check fails: no luck",
        ),
        (b'{"State": {"Status": "exited", "ExitCode": 137, "OOMKilled": true}}', State.CRITICAL, "out of memory"),
        (b"[]", State.UNKNOWN, "no container"),
    ],
)
async def test_a_containers_engine_is_asked_at_its_socket(
    tmp_path: Path, body: bytes, state: State, words: str
) -> None:
    path = str(tmp_path / "engine.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                assert request_of(connection).startswith(b"GET /containers/web/json ")
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        result = await probe("container", container="web", socket=path)
        thread.join()
    assert result.state is state
    assert words in result.output


async def test_a_clock_and_a_unit_can_be_asked_or_say_why_not() -> None:
    clock = await probe("clock")
    unit = await probe("unit", unit="dbus.service")
    assert clock.state is State.OK or clock.reason == "not_permitted"
    if not Path("/run/systemd/system").is_dir():
        assert (unit.state, unit.reason) == (State.UNKNOWN, "unsupported")
        assert "systemd cannot be asked" in unit.output
    else:
        assert unit.state is not State.UNKNOWN


async def test_a_cancel_in_the_middle_of_a_run_leaves_nothing_behind() -> None:
    with serving(is_silent) as server:
        url = f"http://{server.host}:{server.port}/"
        task = asyncio.create_task(probe("http", 30, url=url))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_fork_waits_for_what_is_aside_but_not_for_ever() -> None:
    release = threading.Event()
    quick = asyncio.create_task(aside(lambda: time.sleep(0.05)))
    await asyncio.sleep(0)
    await settled()
    assert threading.active_count() == 1
    hanging = asyncio.create_task(aside(lambda: release.wait(10)))
    await asyncio.sleep(0)
    await settled(0.05)
    assert threading.active_count() == 2
    release.set()
    await asyncio.gather(quick, hanging)
