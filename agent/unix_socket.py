"""Unix sockets at paths of any length: the kernel takes 107 bytes, a state directory may lie deeper.

Linux reaches a longer one through the directory's own file descriptor; elsewhere a longer path is refused.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

LONGEST_PATH_BYTES = 107 if sys.platform == "linux" else 103


@contextlib.contextmanager
def short_address(path: Path) -> Iterator[str]:
    """An address of this socket that the kernel takes, good inside the `with`. Raises `OSError`."""
    if len(os.fsencode(path)) <= LONGEST_PATH_BYTES:
        yield str(path)
        return
    if sys.platform != "linux":
        raise OSError(f"{path} is longer than {LONGEST_PATH_BYTES} bytes: name a shorter state directory")
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def connect(path: Path, timeout_s: Optional[float] = None) -> socket.socket:
    """A connection to the socket at `path`. Raises `OSError`."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        with short_address(path) as address:
            connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def listen(path: Path, backlog: int = 100) -> socket.socket:
    """A listening socket at `path`, for its owner alone; what an ended process left there is replaced.

    The caller holds the installation's lock: nobody else listens at this path. Raises `OSError`.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        mask = os.umask(0o177)
        try:
            with short_address(path) as address:
                listener.bind(address)
        finally:
            os.umask(mask)
        listener.listen(backlog)
    except BaseException:
        listener.close()
        raise
    return listener
