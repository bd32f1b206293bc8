"""Processors, one item a socket, from /proc/cpuinfo."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agent.discovery.collector import Look
from agent.discovery.source import read_line, read_text
from agent.wire import Item


def parse_cpuinfo(text: str) -> list[dict[str, str]]:
    """One mapping a logical processor. Blocks without a `processor` line (ARM's `Hardware`) are left out."""
    blocks = []
    for block in text.split("\n\n"):
        fields = {}
        for line in block.splitlines():
            name, colon, value = line.partition(":")
            if colon:
                fields[name.strip()] = value.strip()
        if "processor" in fields:
            blocks.append(fields)
    return blocks


def cpu_items(processors: Iterable[dict[str, str]], frequency_khz: str = "") -> list[Item]:
    """One item a socket, with its cores and threads counted."""
    sockets: dict[str, list[dict[str, str]]] = {}
    for processor in processors:
        sockets.setdefault(processor.get("physical id", "0"), []).append(processor)
    return [_item(number, threads, frequency_khz) for number, threads in sorted(sockets.items())]


def _item(number: str, threads: list[dict[str, str]], frequency_khz: str) -> Item:
    first = threads[0]
    cores = {thread.get("core id", thread["processor"]) for thread in threads}
    name = first.get("model name") or first.get("cpu") or first.get("CPU part") or "processor"
    attributes: dict[str, Any] = {
        "vendor": first.get("vendor_id") or first.get("CPU implementer", ""),
        "family": first.get("cpu family", ""),
        "model": first.get("model", ""),
        "stepping": first.get("stepping", ""),
        "microcode": first.get("microcode", ""),
        "cache": first.get("cache size", ""),
        "cores": len(cores),
        "threads": len(threads),
        "max_mhz": int(frequency_khz) // 1000 if frequency_khz.isdigit() else None,
    }
    return Item(
        class_="cpu",
        key=number,
        name=name,
        attributes={attribute: value for attribute, value in attributes.items() if value},
        relations=(("part_of", "host", "host"),),
    )


def collect_cpus(look: Look) -> Iterable[Item]:
    """All processors that are on."""
    frequency_khz = read_line("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq")
    return cpu_items(parse_cpuinfo(read_text("/proc/cpuinfo")), frequency_khz)
