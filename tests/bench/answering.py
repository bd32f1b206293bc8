"""What the probing bench probes: `python -m tests.bench.answering tcp|http` prints its port and answers for ever."""

from __future__ import annotations

import contextlib
import os
import socket
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def main(kind: str) -> None:
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("0.0.0.0", 0))
        listening.listen(4096)
        print(listening.getsockname()[1], flush=True)
        if kind == "http":
            answer(listening)
        else:
            accept(listening)


def accept(listening: socket.socket) -> None:
    """As quickly as Python can: what is not accepted in time is refused by the system, and would count as down."""
    while True:
        connection, _ = listening.accept()
        connection.close()


def answer(listening: socket.socket) -> None:
    """Read what comes and answer it, without ever sleeping.

    Waking a server of the same machine is charged to whoever sends to it, which nobody pays who probes another
    machine. So it spins, and therefore leaves real-time priority to those that are measured.
    """
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    listening.setblocking(False)
    while True:
        try:
            connection, _ = listening.accept()
        except BlockingIOError:
            os.sched_yield()
            continue
        with contextlib.suppress(OSError), connection:
            _answer(connection)


def _answer(connection: socket.socket) -> None:
    connection.setblocking(False)
    while True:
        try:
            connection.recv(4096)
        except BlockingIOError:
            os.sched_yield()
            continue
        connection.sendall(ANSWER)
        return


if __name__ == "__main__":
    main(sys.argv[1])
