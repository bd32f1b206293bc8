"""A real Redis: up, closed to us, loading, hung, gone, a replica with and without its master."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.definition import Definition
from checks.result import Result, State
from checks.run import run
from tests.certificates import Authority
from tests.programs import needs
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

HOST = f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250}.1"  # where no other test listens
REPLICA_IS_LINKED: dict[str, Any] = {"command": ("INFO", "replication"), "expect": "master_link_status:up"}


async def probe(port: int, timeout_s: float = 60.0, **params: Any) -> Result:
    return await run(Definition("c/redis", "c", "redis", {"host": HOST, "port": port, **params}, timeout_s=timeout_s))


@contextlib.contextmanager
def redis(folder: Path, *options: str, port: int = 0) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Its port and process; `port` where it comes back to where it was."""
    needs("redis-server")
    with socket.socket() as chosen:
        chosen.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        chosen.bind((HOST, port))
        port = chosen.getsockname()[1]
    log = folder / "redis.log"
    where = ["--port", str(port), "--bind", HOST, "--dir", str(folder), "--logfile", str(log), "--save", ""]
    server = subprocess.Popen(["redis-server", *where, *options], stdout=subprocess.DEVNULL)
    try:
        wait_for(f"redis-server at {HOST}:{port}", lambda: _accepts(port) or server.poll() is not None)
        assert server.poll() is None, log.read_text()
        yield port, server
    finally:
        server.kill()
        server.wait()


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=5.0):
        return True
    return False


def asked(port: int, *lines: str) -> bytes:
    """What Redis says to these commands, the last being QUIT."""
    with socket.create_connection((HOST, port), timeout=60.0) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "QUIT")).encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("s3cret\n")
    return file


def measured(result: Result) -> dict[str, float | None]:
    return {metric.name: metric.value for metric in result.metrics}


async def test_one_that_is_up_answers_and_what_it_is_asked_is_judged(tmp_path: Path) -> None:
    with redis(tmp_path) as (port, _):
        asked(port, "RPUSH queue a b c", "SET greeting hello")
        up = await probe(port)
        queue = await probe(port, command=("LLEN", "queue"))
        greeting = await probe(port, command=("GET", "greeting"), expect="hello")
        other = await probe(port, command=("GET", "greeting"), expect="goodbye")
        nothing = await probe(port, command=("GET", "nothing"), expect="hello")
        no_command = await probe(port, command=("FROBNICATE",))
    assert (up.state, "answers PING" in up.output, up.address) == (State.OK, True, f"{HOST}:{port}")
    assert {"connect", "answer", "total"} <= up.phases.keys()
    assert measured(queue)["value"] == 3
    assert greeting.state is State.OK
    assert (other.state, other.expected, other.actual) == (State.CRITICAL, "goodbye", "hello")
    assert nothing.state is State.CRITICAL
    assert (no_command.state, "refuses FROBNICATE: ERR unknown command" in no_command.output) == (State.CRITICAL, True)


async def test_a_login_that_is_wanted_given_and_wrong(tmp_path: Path, secret: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("guess")
    password: dict[str, Any] = {"password_file": str(secret)}
    with redis(tmp_path, "--requirepass", "s3cret") as (port, _):
        asked(port, "AUTH s3cret", "ACL SETUSER mia on >s3cret ~* +ping +dbsize")
        without = await probe(port)
        asking_without = await probe(port, command=("DBSIZE",))
        guessed = await probe(port, password_file=str(wrong))
        let_in = await probe(port, **password, command=("DBSIZE",))
        as_mia = await probe(port, **password, user="mia", command=("DBSIZE",))
        forbidden = await probe(port, **password, user="mia", command=("FLUSHALL",))
    assert (without.state, "wants a login, so it is there" in without.output) == (State.OK, True)
    assert (asking_without.state, "refuses PING: NOAUTH" in asking_without.output) == (State.CRITICAL, True)
    assert (guessed.state, "refuses the login: WRONGPASS" in guessed.output) == (State.CRITICAL, True)
    assert [let_in.state, as_mia.state, measured(as_mia)["value"]] == [State.OK, State.OK, 0]
    assert (forbidden.state, "refuses FLUSHALL: NOPERM" in forbidden.output) == (State.CRITICAL, True)
    assert not any("guess" in str(result) or "s3cret" in str(result) for result in (guessed, let_in, forbidden))


async def test_one_that_still_loads_its_data_is_not_up_yet(tmp_path: Path) -> None:
    with redis(tmp_path) as (port, _):
        asked(port, *(f"SET key{number} {'x' * 100}" for number in range(1000)), "SAVE")
    slowly = ("--key-load-delay", "50000", "--loading-process-events-interval-bytes", "1024")
    with redis(tmp_path, *slowly, port=port):
        result = await probe(port)
    assert (result.state, "refuses PING: LOADING" in result.output) == (State.CRITICAL, True), result.output


async def test_one_that_hangs_is_told_from_one_that_is_gone(tmp_path: Path) -> None:
    with redis(tmp_path) as (port, server):
        server.send_signal(signal.SIGSTOP)
        hung = await probe(port, timeout_s=1.0)
        server.send_signal(signal.SIGCONT)
        assert (await probe(port)).state is State.OK
    gone = await probe(port)
    assert (hung.state, "waiting for its answer to PING" in hung.output) == (State.CRITICAL, True), hung.output
    assert (gone.state, "nothing listens there" in gone.output) == (State.CRITICAL, True)


async def test_a_replica_says_whether_it_has_its_master(tmp_path: Path) -> None:
    (tmp_path / "replica").mkdir()
    with redis(tmp_path) as (master, process):
        given = ("--replicaof", f"{HOST} {master}", "--repl-diskless-sync-delay", "0")
        with redis(tmp_path / "replica", *given) as (replica, _):
            wait_for("the replica's link", lambda: b"master_link_status:up" in asked(replica, "INFO replication"))
            linked = await probe(replica, **REPLICA_IS_LINKED)
            role = await probe(replica, command=("INFO", "replication"), expect="role:master")
            process.kill()
            wait_for("its loss", lambda: b"master_link_status:down" in asked(replica, "INFO replication"))
            alone = await probe(replica, **REPLICA_IS_LINKED)
            pinged = await probe(replica)
    assert [linked.state, role.state, alone.state, pinged.state] == [
        State.OK, State.CRITICAL, State.CRITICAL, State.OK,
    ]  # fmt: skip
    assert (alone.expected, "master_link_status:down" in (alone.actual or "")) == ("master_link_status:up", True)


async def test_tls_is_spoken_and_its_certificate_looked_at(tmp_path: Path, authority: Authority) -> None:
    leaf = str(authority.leaf(HOST))
    files = ("--tls-cert-file", leaf, "--tls-key-file", leaf, "--tls-ca-cert-file", str(authority.file))
    with socket.socket() as chosen:
        chosen.bind((HOST, 0))
        tls_port = chosen.getsockname()[1]
    with redis(tmp_path, "--tls-port", str(tls_port), *files, "--tls-auth-clients", "no") as (clear_port, _):
        trusted = await probe(tls_port, tls=True, ca_file=str(authority.file))
        unknown = await probe(tls_port, tls=True)
        clear = await probe(clear_port, 1.0, tls=True, verify=False)
    assert (trusted.state, "tls" in trusted.phases) == (State.OK, True), trusted.output
    assert (unknown.state, "certificate" in unknown.output) == (State.CRITICAL, True), unknown.output
    assert (clear.state, "in the TLS handshake" in clear.output) == (State.CRITICAL, True), clear.output
