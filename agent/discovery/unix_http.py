"""One GET over a Unix socket, bounded: what the Docker and Podman engines are asked with."""

from __future__ import annotations

import socket
import time
from typing import Any

import msgspec

from agent.discovery.source import CommandFailed, CommandTooSlow

_LIMIT_BYTES = 16 * 1024 * 1024


def get_json(path: str, target: str, timeout_s: float = 3.0) -> Any:
    """The decoded answer. Raises OSError where nobody listens, `CommandFailed` for any answer but 200 with JSON."""
    deadline = time.monotonic() + timeout_s
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout_s)
        connection.connect(path)
        # HTTP/1.0: the answer comes whole, without chunks, and ends with the connection.
        connection.sendall(f"GET {target} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        answer = bytearray()
        while chunk := connection.recv(65536):
            answer += chunk
            if time.monotonic() > deadline:
                raise CommandTooSlow(f"{path} took too long")
            if len(answer) > _LIMIT_BYTES:
                raise CommandFailed(f"{path} answered more than {_LIMIT_BYTES} bytes")
    return parse_answer(bytes(answer), path)


def parse_answer(answer: bytes, path: str) -> Any:
    """The JSON body of an HTTP/1.0 answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1:2]
    if status != [b"200"]:
        raise CommandFailed(f"{path} answered {head[:80].decode('latin-1')}")
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise CommandFailed(f"{path} answered no JSON: {error}") from None
