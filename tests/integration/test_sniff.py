"""Real servers are asked what they speak, and it is what they speak."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.discovery.sniff import Spoken, Target, ask, sniff
from checks.x509 import parse_certificate
from tests.programs import needs
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port: int = chosen.getsockname()[1]
        return port


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
        return True
    return False


@contextlib.contextmanager
def _server(*argv: str, port: int, folder: Path) -> Iterator[int]:
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(argv, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=folder)
    try:
        wait_for(f"{argv[0]} at {port}: {log.read_text()[-300:]}", lambda: _accepts(port))
        yield port
    finally:
        server.terminate()
        server.wait(timeout=20)


@contextlib.contextmanager
def _answering(banner: bytes) -> Iterator[int]:
    """A server that says its banner to everyone and nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.sendall(banner)
                        connection.settimeout(5.0)
                        connection.recv(64)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10.0)


def _certificate(folder: Path) -> tuple[str, str]:
    key, certificate = str(folder / "key.pem"), str(folder / "cert.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
         "-out", certificate, "-days", "2", "-subj", "/CN=localhost"],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return key, certificate


def test_http(tmp_path: Path) -> None:
    port = _free_port()
    with _server(sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", port=port, folder=tmp_path):
        assert ask("127.0.0.1", port).protocol == "http"


_HTTPS = """
import http.server, ssl, sys
port, key, certificate = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server = http.server.HTTPServer(("127.0.0.1", int(port)), http.server.SimpleHTTPRequestHandler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


def test_https(tmp_path: Path) -> None:
    needs("openssl")
    port = _free_port()
    with _server(sys.executable, "-c", _HTTPS, str(port), *_certificate(tmp_path), port=port, folder=tmp_path):
        spoken = ask("127.0.0.1", port)
    assert spoken.protocol == "https"
    assert parse_certificate(spoken.certificate).subject == "CN=localhost"


def test_bare_tls(tmp_path: Path) -> None:
    needs("openssl")
    key, certificate = _certificate(tmp_path)
    port = _free_port()
    argv = ["openssl", "s_server", "-quiet", "-accept", str(port), "-key", key, "-cert", certificate]
    with _server(*argv, port=port, folder=tmp_path):
        assert ask("127.0.0.1", port).protocol == "tls"


def test_ssh(tmp_path: Path) -> None:
    needs("sshd", "ssh-keygen")
    key = tmp_path / "host_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, timeout=30)
    os.makedirs("/run/sshd", exist_ok=True)  # noqa: PTH103 - where sshd insists on it
    port = _free_port()
    argv = ["/usr/sbin/sshd", "-D", "-f", "/dev/null", "-p", str(port), "-h", str(key), "-o", "ListenAddress=127.0.0.1"]
    with _server(*argv, "-o", "PidFile=none", port=port, folder=tmp_path):
        assert ask("127.0.0.1", port).protocol == "ssh"


def test_redis(tmp_path: Path) -> None:
    needs("redis-server")
    port = _free_port()
    argv = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with _server(*argv, port=port, folder=tmp_path):
        assert ask("127.0.0.1", port).protocol == "redis"


@pytest.mark.parametrize(
    ("banner", "protocol"),
    [
        (b"220 mail.example.org ESMTP Postfix (Debian/GNU)\r\n", "smtp"),
        (b"220 (vsFTPd 3.0.3)\r\n", "ftp"),
        (b"* OK [CAPABILITY IMAP4rev1 SASL-IR] Dovecot ready.\r\n", "imap"),
        (b"+OK Dovecot ready.\r\n", "pop3"),
        (b"[\0\0\0\x0a5.5.5-10.11.6-MariaDB-0+deb12u1\0", "mysql"),
        (b"RFB 003.008\n", "vnc"),
        (b"\0\1\2\3", "unknown"),
    ],
)
def test_banners(banner: bytes, protocol: str) -> None:
    with _answering(banner) as port:
        assert ask("127.0.0.1", port).protocol == protocol


def test_a_silent_server_delays_no_other_and_a_closed_port_is_left_out(tmp_path: Path) -> None:
    closed = _free_port()
    with socket.create_server(("127.0.0.1", 0)) as silent, _answering(b"SSH-2.0-x\r\n") as port:
        targets = [
            Target("silent", "127.0.0.1", silent.getsockname()[1]),
            Target("ssh", "0.0.0.0", port),
            Target("closed", "127.0.0.1", closed),
        ]
        assert sniff(targets) == {"silent": Spoken("unknown"), "ssh": Spoken("ssh")}
