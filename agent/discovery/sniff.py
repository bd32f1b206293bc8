"""Asks a listening TCP endpoint what it speaks, a few bytes at a time. Judges nothing, logs in nowhere.

One connection waits for a banner and then asks `HEAD /`; where that says nothing, one offers TLS and one asks
PostgreSQL's question. Ports that are by custom one of these get their question first, so that their logs stay quiet.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterable
from typing import NamedTuple, Optional

CONNECT_S = 0.5
BANNER_S = 0.25
ANSWER_S = 0.75
TOTAL_S = 4.0
_HEAD = b"HEAD / HTTP/1.0\r\n\r\n"
_SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"  # PostgreSQL: SSLRequest, 55.2.11
_TLS_PORTS = frozenset({443, 465, 636, 853, 989, 990, 992, 993, 995, 5061, 6443, 8443, 9443})
_BEGINNINGS = (
    (b"SSH-", "ssh"), (b"* OK", "imap"), (b"* PREAUTH", "imap"), (b"+OK", "pop3"), (b"+PONG", "redis"),
    (b"-ERR", "redis"), (b"-NOAUTH", "redis"), (b"-DENIED", "redis"), (b"RFB 0", "vnc"),
    (b"\x15\x03", "tls"), (b"\x16\x03", "tls"),
)  # fmt: skip
_MYSQL_PACKETS = (0x0A, 0xFF)  # its greeting of protocol 10, or an error instead
_BEHIND_TLS = ("https", "tls")  # known from a plain question; the certificate is still to be seen
_POSTGRESQL_PORTS = range(5432, 5440)


class Spoken(NamedTuple):
    """What an endpoint speaks, and the certificate (DER) that it showed."""

    protocol: str
    certificate: bytes = b""


class Target(NamedTuple):
    key: str
    address: str
    port: int


def protocol_of(answer: bytes) -> Optional[str]:
    """The protocol that an answer to nothing or to `HEAD /` belongs to; None where it tells nothing."""
    if answer.startswith(b"HTTP/"):
        return "https" if _speaks_tls_only(answer) else "http"
    if answer.startswith(b"220"):
        return "ftp" if re.search(rb"(?i)ftp", answer) and not re.search(rb"(?i)smtp", answer) else "smtp"
    if len(answer) > 5 and answer[3] == 0 and answer[4] in _MYSQL_PACKETS:
        return "mysql"
    return next((protocol for begin, protocol in _BEGINNINGS if answer.startswith(begin)), None)


def _speaks_tls_only(answer: bytes) -> bool:
    return bool(re.match(rb"HTTP/1\.[01] 400", answer)) and b"HTTPS" in answer.upper()


def sniff(targets: Iterable[Target]) -> dict[str, Spoken]:
    """What each target speaks, `unknown` where it told nothing. All are asked at once, in at most `TOTAL_S`."""
    found: dict[str, Spoken] = {}
    threads = [threading.Thread(target=_ask_into, args=(found, target), daemon=True) for target in targets]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + TOTAL_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return dict(found)


def _ask_into(found: dict[str, Spoken], target: Target) -> None:
    # Where it closed in between, or a firewall keeps even us out, the next scan asks again.
    with contextlib.suppress(OSError):
        found[target.key] = ask(reachable(target.address), target.port)


def reachable(address: str) -> str:
    """Where this host reaches a socket of its own that listens at this address."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)


def ask(address: str, port: int) -> Spoken:
    """What the endpoint at this address speaks. Raises OSError where it cannot be reached."""
    questions = [_plain, _tls, _postgresql]
    if port in _TLS_PORTS:
        questions = [_tls, _plain, _postgresql]
    elif port in _POSTGRESQL_PORTS:
        questions = [_postgresql, _plain, _tls]
    for question in questions:
        spoken = question(address, port)
        if spoken is not None:
            return spoken
    return Spoken("unknown")


def _connect(address: str, port: int) -> socket.socket:
    return socket.create_connection((address, port), timeout=CONNECT_S)


def _read(connection: socket.socket, timeout_s: float) -> bytes:
    connection.settimeout(timeout_s)
    try:
        return connection.recv(512)
    except OSError:
        return b""


def _plain(address: str, port: int) -> Optional[Spoken]:
    with _connect(address, port) as connection:
        banner = _read(connection, BANNER_S)
        if banner:
            return _spoken(protocol_of(banner))
        try:
            connection.sendall(_HEAD)
        except OSError:
            return None
        return _spoken(protocol_of(_read(connection, ANSWER_S)))


def _spoken(protocol: Optional[str]) -> Optional[Spoken]:
    return None if protocol is None or protocol in _BEHIND_TLS else Spoken(protocol)


def _tls(address: str, port: int) -> Optional[Spoken]:
    import ssl  # noqa: PLC0415 - 2 MB that most scans do not need

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with _connect(address, port) as connection:
        connection.settimeout(ANSWER_S)
        try:
            with context.wrap_socket(connection) as secured:
                certificate = secured.getpeercert(binary_form=True) or b""
                secured.sendall(_HEAD)
                is_http = _read(secured, ANSWER_S).startswith(b"HTTP/")
                return Spoken("https" if is_http else "tls", certificate)
        except ssl.SSLError as error:
            return Spoken("tls") if "ALERT" in (error.reason or "") else None
        except OSError:
            return None


def _postgresql(address: str, port: int) -> Optional[Spoken]:
    with _connect(address, port) as connection:
        try:
            connection.sendall(_SSL_REQUEST)
        except OSError:
            return None
        return Spoken("postgresql") if _read(connection, ANSWER_S) in (b"S", b"N") else None
