"""What the probing bench probes: `python -m tests.bench.answering tcp|http` prints its port and answers for ever."""

from __future__ import annotations

import contextlib
import socket
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def main(kind: str) -> None:
    """Accept as quickly as Python can; for http read what comes and answer it."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("0.0.0.0", 0))
        listening.listen(4096)
        print(listening.getsockname()[1], flush=True)
        while True:
            connection, _ = listening.accept()
            with contextlib.suppress(OSError), connection:
                if kind == "http":
                    connection.recv(4096)
                    connection.sendall(ANSWER)


if __name__ == "__main__":
    main(sys.argv[1])
