"""What runs by the clock: systemd's timers and cron's tables."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from agent.discovery.collector import Look
from agent.discovery.secrets import mask_command
from agent.discovery.source import Unsupported, read_text, run
from agent.discovery.unit import is_listed, parse_show, require_systemd
from agent.wire import Item

_PROPERTIES = (
    "Id", "Description", "LoadState", "ActiveState", "SubState", "UnitFileState", "FragmentPath", "Transient", "Unit",
    "TimersCalendar", "TimersMonotonic", "Persistent",
)  # fmt: skip
_SCHEDULE = re.compile(r"(On\w+)=([^;}]+?)\s*;")
_ASSIGNMENT = re.compile(r"^\s*[A-Za-z_][\w.]*\s*=")
_USER_TABLES = ("/var/spool/cron/crontabs", "/var/spool/cron")
_SYSTEM_TABLES = ("/etc/crontab", "/etc/cron.d")
_SCRIPT_FOLDERS = ("hourly", "daily", "weekly", "monthly")


class CronLine(NamedTuple):
    schedule: str
    user: str
    command: str


def timer_item(timer: dict[str, str]) -> Item:
    """The item of a systemd timer."""
    schedules = _SCHEDULE.findall(timer.get("TimersCalendar", "")) + _SCHEDULE.findall(timer.get("TimersMonotonic", ""))
    relations = [("runs_on", "host", "host"), ("part_of", "unit", timer["Unit"])] if timer.get("Unit") else []
    return Item(
        class_="timer",
        key=f"systemd/{timer['Id']}",
        name=timer["Id"],
        attributes={
            "kind": "systemd",
            "description": timer.get("Description", ""),
            "schedule": [f"{name}={value}" for name, value in schedules],
            "starts": timer.get("Unit", ""),
            "enabled": timer.get("UnitFileState", ""),
            "path": timer.get("FragmentPath", ""),
            "persistent": timer.get("Persistent", "") == "yes",
        },
        metrics={"active": timer.get("ActiveState", ""), "sub": timer.get("SubState", "")},
        relations=tuple(relations),
    )


def collect_timers(look: Look) -> Iterable[Item]:
    """All timers of systemd."""
    require_systemd()
    text = run(("systemctl", "show", "--property=" + ",".join(_PROPERTIES), "*.timer"), look.limits.command_s)
    return [timer_item(timer) for timer in parse_show(text) if is_listed(timer)]


def parse_crontab(text: str, user: str = "") -> Iterator[CronLine]:
    """crontab(5). Without `user` it is a system table, whose sixth field is the user."""
    for line in text.splitlines():
        line = line.strip()  # noqa: PLW2901
        if not line or line.startswith("#") or _ASSIGNMENT.match(line):
            continue
        times = 1 if line.startswith("@") else 5
        fields = line.split(None, times if user else times + 1)
        if len(fields) == times + (1 if user else 2):
            yield CronLine(" ".join(fields[:times]), user or fields[times], fields[-1])


def cron_item(path: str, line: CronLine) -> Item:
    """The item of a line. Its key is the table and what it runs, so that a new time is the same timer."""
    command = mask_command(line.command.split(" "))
    mark = hashlib.blake2b(f"{line.user} {line.command}".encode(), digest_size=4).hexdigest()
    return Item(
        class_="timer",
        key=f"cron{path}#{mark}",
        name=command[:80],
        attributes={"kind": "cron", "schedule": [line.schedule], "user": line.user, "command": command, "path": path},
        relations=(("runs_on", "host", "host"),),
    )


def collect_cron(look: Look) -> Iterable[Item]:
    """Every line of every table that we may read, and the scripts that run hourly, daily, weekly, monthly."""
    if not Path("/etc/crontab").exists() and not Path("/etc/cron.d").is_dir():
        raise Unsupported("no cron here")
    items = []
    for path in _tables(_SYSTEM_TABLES):
        items += [cron_item(path, line) for line in parse_crontab(read_text(path, 1 << 20))]
    for folder in _USER_TABLES:
        try:
            for path in _tables((folder,)):
                user = path.rpartition("/")[2]
                items += [cron_item(path, line) for line in parse_crontab(read_text(path, 1 << 20), user)]
        except PermissionError:
            look.missed.append(f"tables in {folder}")
    for often in _SCRIPT_FOLDERS:
        items += [cron_item(path, CronLine(f"@{often}", "root", path)) for path in _tables((f"/etc/cron.{often}",))]
    return items


def _tables(places: Iterable[str]) -> Iterator[str]:
    for place in places:
        if os.path.isfile(place):  # noqa: PTH113
            yield place
        elif os.path.isdir(place):  # noqa: PTH112
            for name in sorted(os.listdir(place)):  # noqa: PTH208
                if not name.startswith(".") and os.path.isfile(f"{place}/{name}"):  # noqa: PTH113
                    yield f"{place}/{name}"
