"""Main memory and swap."""

from __future__ import annotations

from collections.abc import Iterable

from agent.discovery.collector import Look
from agent.discovery.source import read_text
from agent.wire import Item

_PART_OF_HOST = (("part_of", "host", "host"),)


def parse_meminfo(text: str) -> dict[str, int]:
    """/proc/meminfo in bytes; counts without a unit (huge pages) as they are."""
    values = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        fields = rest.split()
        if fields and fields[0].isdigit():
            values[name] = int(fields[0]) * (1024 if fields[1:] == ["kB"] else 1)
    return values


def memory_items(meminfo: dict[str, int], swaps: Iterable[str]) -> list[Item]:
    """Main memory, and swap where there is some. `swaps` are the devices and files that it lies on."""
    total = meminfo["MemTotal"]
    available = meminfo.get("MemAvailable", meminfo.get("MemFree", 0))
    memory = Item(
        class_="memory",
        key="memory",
        name="main memory",
        attributes={"size_bytes": total},
        metrics={
            "available_bytes": available,
            "used_bytes": total - available,
            "used_percent": round(100 * (total - available) / total, 2) if total else 0.0,
            "cached_bytes": meminfo.get("Cached", 0),
            "buffers_bytes": meminfo.get("Buffers", 0),
        },
        relations=_PART_OF_HOST,
    )
    swap_bytes = meminfo.get("SwapTotal", 0)
    if not swap_bytes:
        return [memory]
    used_bytes = swap_bytes - meminfo.get("SwapFree", 0)
    swap = Item(
        class_="memory",
        key="swap",
        name="swap",
        attributes={"size_bytes": swap_bytes, "on": sorted(swaps)},
        metrics={"used_bytes": used_bytes, "used_percent": round(100 * used_bytes / swap_bytes, 2)},
        relations=_PART_OF_HOST,
    )
    return [memory, swap]


def collect_memory(look: Look) -> Iterable[Item]:
    """Main memory and swap."""
    swaps = [line.split()[0] for line in read_text("/proc/swaps").splitlines()[1:] if line]
    return memory_items(parse_meminfo(read_text("/proc/meminfo")), swaps)
