"""systemd's services and sockets. Whether one runs is a metric; that it is there and enabled an attribute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from agent.discovery.collector import Look
from agent.discovery.source import Unsupported, run
from agent.wire import Item

PROPERTIES = (
    "Id", "Description", "LoadState", "ActiveState", "SubState", "UnitFileState", "FragmentPath", "Transient",
    "MainPID", "Type", "Restart", "User", "NRestarts",
)  # fmt: skip
_RUNNING = Path("/run/systemd/system")


def parse_show(text: str) -> Iterator[dict[str, str]]:
    """`systemctl show`: one block of assignments a unit."""
    for block in text.split("\n\n"):
        values = {}
        for line in block.splitlines():
            name, equals, value = line.partition("=")
            if equals:
                values[name] = value
        if values.get("Id"):
            yield values


def is_listed(unit: dict[str, str]) -> bool:
    """Units that somebody installed: not those that another merely mentions, nor those made for one command."""
    return unit.get("LoadState") not in ("not-found", "") and unit.get("Transient") != "yes"


def unit_item(unit: dict[str, str]) -> Item:
    """The item of a unit."""
    attributes: dict[str, Any] = {
        "type": unit["Id"].rpartition(".")[2],
        "description": unit.get("Description", ""),
        "enabled": unit.get("UnitFileState", ""),
        "loaded": unit.get("LoadState", ""),
        "path": unit.get("FragmentPath", ""),
        "service_type": unit.get("Type", ""),
        "restart": unit.get("Restart", ""),
        "user": unit.get("User", ""),
    }
    metrics: dict[str, Any] = {"active": unit.get("ActiveState", ""), "sub": unit.get("SubState", "")}
    for metric, name in (("pid", "MainPID"), ("restarts", "NRestarts")):
        if unit.get(name, "").isdigit():
            metrics[metric] = int(unit[name])
    return Item(
        class_="unit",
        key=unit["Id"],
        name=unit["Id"],
        attributes={name: value for name, value in attributes.items() if value},
        metrics=metrics,
        relations=(("runs_on", "host", "host"),),
    )


def require_systemd() -> None:
    """Raises Unsupported where systemd is not what runs this host."""
    if not _RUNNING.is_dir():
        raise Unsupported("systemd does not run here")


def collect_units(look: Look) -> Iterable[Item]:
    """All loaded services and sockets."""
    require_systemd()
    argv = ("systemctl", "show", "--property=" + ",".join(PROPERTIES), "*.service", "*.socket")
    return [unit_item(unit) for unit in parse_show(run(argv, look.limits.command_s)) if is_listed(unit)]
