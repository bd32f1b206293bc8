"""A real web server: found, probed, stopped, its incident acknowledged, started again, accounted for."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.installation import Installation
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


class WebServer:
    """Python's own, on a port that stays the same over restarts."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "http.server", str(self.port), "--bind", "127.0.0.1"],
            cwd=self._directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for("the web server to listen", self._answers)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=10)
            self._process = None


def test_an_outage_from_discovery_to_the_agreement(installation: Installation, tmp_path: Path) -> None:
    server = WebServer(tmp_path)
    server.start()
    try:
        endpoint = _found(installation, server)
        _probed(installation, endpoint)
        server.stop()
        number = _one_incident(installation, endpoint)
        _acknowledged_once(installation, number)
        server.start()
        _resolved(installation, number)
        _accounted(installation)
    finally:
        server.stop()


def _found(installation: Installation, server: WebServer) -> dict[str, Any]:
    (agent,) = installation.json("agent", "list")
    assert installation.command("agent", "scan", agent["id"]).returncode == 0

    def endpoint() -> dict[str, Any] | None:
        rows = installation.json("ci", "list", "--class", "endpoint")
        return next((row for row in rows if row["key"] == f"tcp/127.0.0.1:{server.port}"), None)

    found = wait_for("the web server's endpoint", endpoint)
    assert found is not None
    shown = installation.json("ci", "show", found["id"])
    assert "software" in {relation["class"] for relation in shown["relations"]}
    return found


def _probed(installation: Installation, endpoint: dict[str, Any]) -> None:
    def checks() -> list[dict[str, Any]] | None:
        rows = [row for row in installation.json("check", "list") if row["ci"] == endpoint["id"]]
        return rows if rows and all(row["state"] == "ok" for row in rows) else None

    found = wait_for("the endpoint's checks to be ok", checks, limit_s=60)
    assert found is not None
    assert {row["type"] for row in found} >= {"tcp", "http"}


def _one_incident(installation: Installation, endpoint: dict[str, Any]) -> int:
    def opened() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = installation.json("incident", "list")
        return [row for row in rows if row["ci"] == endpoint["id"]]

    (incident,) = wait_for("an incident", opened, limit_s=90)
    assert incident["state"] == "new"
    assert incident["priority"] in range(1, 6)
    assert incident["respond_due"] > incident["opened_at"]
    assert incident["resolve_due"] > incident["opened_at"]

    def all_bad() -> bool:
        rows = [row for row in installation.json("check", "list") if row["ci"] == endpoint["id"]]
        return all(row["state"] == "critical" and row["hard"] for row in rows)

    wait_for("all checks of the endpoint to be hard critical", all_bad, limit_s=60)
    assert len(opened()) == 1, "a second failing check of the same endpoint opens no second incident"
    number: int = incident["number"]
    return number


def _acknowledged_once(installation: Installation, number: int) -> None:
    first = installation.command("incident", "ack", str(number), "-m", "on it")
    assert first.returncode == 0, first.stderr
    second = installation.command("ack", f"INC-{number}")
    assert second.returncode == 6
    assert "acknowledged" in second.stderr
    shown = installation.json("incident", "show", str(number))
    assert shown["state"] == "acknowledged"
    assert shown["acknowledged_by"]
    assert [step["what"] for step in shown["timeline"]].count("acknowledged") == 1


def _resolved(installation: Installation, number: int) -> None:
    def resolved() -> bool:
        return bool(installation.json("incident", "show", str(number))["state"] == "resolved")

    wait_for("the incident to resolve itself", resolved, limit_s=60)
    assert not installation.json("incident", "list", "--filter", f"state=new,acknowledged number={number}")


def _accounted(installation: Installation) -> None:
    agreements = installation.json("sla", "list")
    (default,) = [row for row in agreements if row["service"] == "this-host"]
    assert default["down_s"] > 0
    assert default["actual"] < 1
    explained = installation.json("sla", "explain", default["name"])
    assert "down" in {interval["state"] for interval in explained["intervals"]}
