"""Real servers that go wrong on purpose: each takes connections and treats them as it is told."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator

Treatment = Callable[[socket.socket], None]


class Server:
    """A listening socket and a thread that treats each connection. `enough` tells a slow treatment to end."""

    def __init__(self, treatment: Treatment, family: int, address: str) -> None:
        self.treatment = treatment
        self.enough = threading.Event()
        self.requests: list[bytes] = []
        self._listening = socket.socket(family, socket.SOCK_STREAM)
        self._listening.bind((address, 0))
        self._listening.listen(64)
        self.host = address
        self.port: int = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._treat, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _treat(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(10)
            self.treatment(connection)

    def stop(self) -> None:
        self.enough.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(5)


@contextlib.contextmanager
def serving(treatment: Treatment, *, family: int = socket.AF_INET, address: str = "127.0.0.1") -> Iterator[Server]:
    """A server with this treatment for as long as the block lasts."""
    server = Server(treatment, family, address)
    try:
        yield server
    finally:
        server.stop()


def request_of(connection: socket.socket) -> bytes:
    """The head of the request that came."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(4096)
        if not more:
            break
        data += more
    return data


def says(answer: bytes) -> Treatment:
    """Reads a request, answers this, and closes."""

    def treat(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(answer)

    return treat


def greets(greeting: bytes) -> Treatment:
    """Says this at once and closes."""
    return lambda connection: connection.sendall(greeting)


def is_silent(connection: socket.socket) -> None:
    """Accepts and says nothing until the peer goes."""
    connection.recv(4096)
    while connection.recv(4096):
        pass


def resets(connection: socket.socket, after: bytes = b"") -> None:
    """Reads, says a little, then resets the connection."""
    connection.recv(4096)
    connection.sendall(after)
    time.sleep(0.05)  # what was said arrives before the reset throws it away
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drips(answer: bytes) -> Treatment:
    """Says one byte every tenth of a second."""

    def treat(connection: socket.socket) -> None:
        request_of(connection)
        for byte in answer:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    return treat


def with_tls(context: ssl.SSLContext, treatment: Treatment) -> Treatment:
    """The same treatment inside TLS."""

    def treat(connection: socket.socket) -> None:
        with contextlib.suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True) as secured:
            treatment(secured)

    return treat


@contextlib.contextmanager
def black_hole() -> Iterator[tuple[str, int]]:
    """An address whose connections are never answered: its queue is full, so the kernel drops what comes."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield listening.getsockname()
