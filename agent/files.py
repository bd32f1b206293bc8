"""Small files that are whole or not there: written beside, made durable, moved into place."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put `content` at `path` at once; a crash leaves the old file or the new one. Raises `OSError`."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """The file's content, or nothing when it is missing, unreadable or larger than it can rightly be."""
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError:
        return b""
    return content if len(content) <= max_bytes else b""
