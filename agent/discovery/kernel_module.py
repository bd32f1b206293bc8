"""Loaded kernel modules."""

from __future__ import annotations

from collections.abc import Iterable

from agent.discovery.collector import Look
from agent.discovery.source import Unsupported, read_line, read_text
from agent.wire import Item


def module_items(text: str, versions: dict[str, str]) -> list[Item]:
    """/proc/modules, with the version of those that state one."""
    items = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 4 or not fields[1].isdigit():
            continue
        name, size_bytes, users = fields[:3]
        attributes = {"size_bytes": int(size_bytes), "version": versions.get(name, "")}
        items.append(
            Item(
                class_="kernel_module",
                key=name,
                name=name,
                attributes={attribute: value for attribute, value in attributes.items() if value},
                metrics={"users": int(users) if users.isdigit() else 0},
                relations=(("part_of", "os", "os"),),
            )
        )
    return items


def collect_kernel_modules(look: Look) -> Iterable[Item]:
    """All loaded modules; a kernel without any says so."""
    try:
        text = read_text("/proc/modules")
    except FileNotFoundError:
        raise Unsupported("this kernel has no modules") from None
    names = [line.partition(" ")[0] for line in text.splitlines()]
    return module_items(text, {name: read_line(f"/sys/module/{name}/version") for name in names})
