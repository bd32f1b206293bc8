"""What Linux says of its memory, in /proc/meminfo. Elsewhere psutil has to be asked, which takes a megabyte itself."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

MEMINFO = Path("/proc/meminfo")


def read_bytes(*names: str, path: Path = MEMINFO) -> Optional[tuple[int, ...]]:
    """These amounts in bytes; None where the system does not tell all of them."""
    try:
        lines = path.read_text().splitlines()
        said = {name: int(value.split()[0]) * 1024 for name, _, value in (line.partition(":") for line in lines)}
        return tuple(said[name] for name in names)
    except (OSError, ValueError, IndexError, KeyError):
        return None
