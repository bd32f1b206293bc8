"""Sockets of an installation, however deep its state directory lies."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from agent.unix_socket import LONGEST_PATH_BYTES, connect, listen


@pytest.fixture(params=["short", "long"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    directory = tmp_path if request.param == "short" else tmp_path / ("d" * 60) / ("e" * 60)
    directory.mkdir(parents=True, exist_ok=True)
    if request.param == "long":
        assert len(str(directory / "hub.sock")) > LONGEST_PATH_BYTES
    return directory / "hub.sock"


def test_what_is_sent_arrives(path: Path) -> None:
    with listen(path) as listener, connect(path, timeout_s=1.0) as client:
        server, _ = listener.accept()
        with server:
            client.sendall(b"hello")
            assert server.recv(5) == b"hello"


def test_only_its_owner_may_connect(path: Path) -> None:
    with listen(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_socket_left_behind_is_replaced(path: Path) -> None:
    listen(path).close()
    with listen(path), connect(path, timeout_s=1.0) as client:
        assert client.fileno() >= 0


def test_nobody_listening_is_refused(path: Path) -> None:
    listen(path).close()
    with pytest.raises(ConnectionRefusedError):
        connect(path, timeout_s=1.0)
