"""Probes against a whole real host: its PostgreSQL and MariaDB, its systemd, and packets that go nowhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.definition import Definition
from checks.probes import unit as unit_probe
from checks.result import Result, State
from checks.run import run
from tests.hosts.fleet import GATEWAY, TestHost, fleet, on_bridge
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("hosts")]

_GRANTS = (
    "CREATE USER watchdeck@'198.51.100.%' IDENTIFIED BY 'sesame'; CREATE DATABASE shop; "
    "CREATE TABLE shop.orders (n INT); INSERT INTO shop.orders VALUES (41), (42); "
    "GRANT SELECT ON shop.* TO watchdeck@'198.51.100.%';"
)


@pytest.fixture(scope="module")
def host() -> Iterator[TestHost]:
    with fleet() as made:
        host = made.boot("stores", 31, packages=("postgresql", "mariadb-server"))
        host.run(
            "cd /etc/postgresql/15/main; echo \"listen_addresses = '*'\" >>postgresql.conf;"
            " echo 'host all all 198.51.100.0/24 scram-sha-256' >>pg_hba.conf; systemctl restart postgresql@15-main;"
            ' su postgres -c "psql -qc \\"CREATE USER watchdeck PASSWORD \'sesame\'\\"";'
            " printf '[mysqld]\\nbind-address = 0.0.0.0\\n' >/etc/mysql/mariadb.conf.d/99-all.cnf;"
            " systemctl restart mariadb nginx"
        )
        host.run(f'mariadb -e "{_GRANTS}"')
        wait_for("the databases to listen", lambda: all(f":{port} " in host.run("ss -ltn") for port in (3306, 5432)))
        yield host


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("sesame\n")
    file.chmod(0o600)
    return file


async def probe(type_: str, timeout_s: float = 30.0, **params: Any) -> Result:
    return await run(Definition(f"ci/{type_}", "ci", type_, params, timeout_s=timeout_s))


async def test_postgresql_takes_connections_and_answers_a_query(host: TestHost, secret: Path) -> None:
    there = await probe("postgres", host=host.address)
    assert there.state is State.OK, there.output
    assert "accepts connections" in there.output
    asked = await probe(
        "postgres", host=host.address, password_file=str(secret), query="SELECT count(*) + 41 FROM pg_roles "
        "WHERE rolname = 'watchdeck'",
    )  # fmt: skip
    assert asked.state is State.OK, asked.output
    assert {metric.name: metric.value for metric in asked.metrics}["value"] == 42
    secret.write_text("wrong\n")
    refused = await probe("postgres", host=host.address, password_file=str(secret), query="SELECT 1")
    assert refused.state is State.CRITICAL
    assert "password authentication failed" in refused.output


async def test_a_postgresql_without_room_is_not_well(host: TestHost) -> None:
    host.run("systemctl stop postgresql@15-main")
    gone = await probe("postgres", host=host.address)
    assert (gone.state, "nothing listens there" in gone.output) == (State.CRITICAL, True), gone.output
    host.run("systemctl start postgresql@15-main")


async def test_mariadb_greets_and_answers_a_query(host: TestHost, secret: Path) -> None:
    there = await probe("mysql", host=host.address)
    assert there.state is State.OK, there.output
    assert "MariaDB" in there.output
    asked = await probe(
        "mysql", host=host.address, password_file=str(secret), database="shop", query="SELECT max(n) FROM orders"
    )
    assert asked.state is State.OK, asked.output
    assert {metric.name: metric.value for metric in asked.metrics}["value"] == 42
    wrong = await probe(
        "mysql", host=host.address, password_file=str(secret), database="shop", query="SELECT 1 FROM nowhere"
    )
    assert wrong.state is State.CRITICAL
    assert "nowhere" in wrong.output


@pytest.fixture
def systemd(host: TestHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestHost:
    """`systemctl` here is that of the host."""
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n{" ".join(host.shell)} "systemctl $(printf "\'%s\' " "$@")"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setattr(unit_probe, "SHARED_FOR_S", 0.0)
    return host


async def test_units_are_as_systemd_says(systemd: TestHost) -> None:
    systemd.run("systemd-run --unit=broken -p Type=oneshot false", check=False)
    wait_for("the unit to fail", lambda: "failed" in systemd.run("systemctl is-failed broken", check=False))
    systemd.run("systemctl stop cron")
    found = {
        name: await probe("unit", 30.0, **params)
        for name, params in {
            "nginx": {"unit": "nginx.service", "active": "active"},
            "broken": {"unit": "broken.service"},
            "cron": {"unit": "cron.service", "active": "active"},
            "nothing": {"unit": "no-such.service", "active": "active"},
        }.items()
    }
    systemd.run("systemctl start cron; systemctl reset-failed broken")
    assert {name: result.state for name, result in found.items()} == {
        "nginx": State.OK, "broken": State.CRITICAL, "cron": State.CRITICAL, "nothing": State.CRITICAL,
    }, found  # fmt: skip
    assert found["broken"].output == "broken.service has failed (exit-code)"
    assert found["cron"].output == "cron.service is inactive (dead)"
    assert found["nothing"].output == "no-such.service is not loaded"


@pytest.fixture
def black_hole(host: TestHost) -> Iterator[TestHost]:
    """Everything that it would send here is dropped on the host; it is let go by itself at the latest."""
    host.run(
        f"systemd-run --on-active=90 ip route del blackhole {GATEWAY}/32;"
        f" systemd-run --on-active=1 ip route add blackhole {GATEWAY}/32"
    )
    wait_for("packets to be dropped", lambda: not _connects(host), limit_s=60.0)
    yield host
    wait_for("the host to answer again", lambda: _connects(host), limit_s=180.0)


def _connects(host: TestHost) -> bool:
    on_bridge(host.address)
    try:
        socket.create_connection((host.address, 22), timeout=2.0).close()
    except OSError:
        return False
    return True


async def test_what_is_black_holed_is_down_and_said_to_be_lost_on_the_way(black_hole: TestHost) -> None:
    lost = "packets are lost or dropped on the way"
    asked: dict[str, dict[str, Any]] = {
        "tcp": {"host": black_hole.address, "port": 80},
        "http": {"url": f"http://{black_hole.address}/"},
        "ssh": {"host": black_hole.address},
        "postgres": {"host": black_hole.address},
        "tls": {"host": black_hole.address, "port": 443},
    }
    for type_, params in asked.items():
        result = await probe(type_, 1.0, **params)
        assert (result.state, lost in result.output) == (State.CRITICAL, True), result.output
        assert result.address is not None
        assert result.address.startswith(black_hole.address)
    silent = await probe("icmp", 2.0, host=black_hole.address)
    assert silent.state is State.CRITICAL, silent.output


async def test_an_unplugged_host_has_no_route_to_it(host: TestHost) -> None:
    host.cut()
    try:
        result = await probe("tcp", host=host.address, port=80)
    finally:
        host.heal()
    wait_for("the host to answer again", lambda: _connects(host), limit_s=60.0)
    assert result.state is State.CRITICAL
    assert "no route to the host" in result.output or "lost or dropped" in result.output
