"""One scan at 300 processes, and a whole inventory beside those of others: wall time, CPU, peak memory, what is listed.

Figures to reach: at most 150 ms of CPU a scan at 300 processes; at most a third of the others' wall time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from agent.discovery.collector import Limits
from agent.discovery.scan import scan

PROCESSES = 300
ROUNDS = 5


class Cost(NamedTuple):
    wall_s: float
    cpu_s: float
    peak_bytes: int


@contextmanager
def _processes(count: int) -> Iterator[None]:
    """Sleepers, so that there are about as many processes as on a busy host."""
    there = sum(name.isdigit() for name in os.listdir("/proc"))  # noqa: PTH208
    sleepers = [subprocess.Popen(["sleep", "600"]) for _ in range(max(0, count - there))]
    try:
        yield
    finally:
        for sleeper in sleepers:
            sleeper.kill()
        for sleeper in sleepers:
            sleeper.wait()


def _scan_cpu_s() -> list[float]:
    """CPU of a forked child's whole scan with what the last one remembered, its children's included."""
    memory = scan(limits=Limits(sniff=False)).memory
    costs = []
    for _ in range(ROUNDS):
        pid = os.fork()
        if pid == 0:
            scan(limits=Limits(sniff=False), memory=memory)
            os._exit(0)
        used = os.wait4(pid, 0)[2]
        costs.append(used.ru_utime + used.ru_stime)
    return costs


def _cost(command: Sequence[str]) -> Cost:
    """The cheapest of three runs, with all that each started."""
    found = []
    for _ in range(3):
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        used = os.wait4(process.pid, 0)[2]
        process.returncode = 0  # it was waited for here
        found.append(Cost(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024))
    return min(found)


def _others() -> dict[str, list[str]]:
    found = {
        "fusioninventory-agent": ["fusioninventory-inventory"],
        "facter": ["facter", "--json"],
        "ansible -m setup": [os.environ.get("ANSIBLE", "ansible"), "localhost", "-c", "local", "-m", "setup"],
        "ocsinventory-agent": ["ocsinventory-agent", "--stdout"],
    }
    return {name: command for name, command in found.items() if shutil.which(command[0])}


def _line(name: str, cost: Cost) -> str:
    return f"  {name:<22} {cost.wall_s:8.2f}s {cost.cpu_s:8.2f}s {cost.peak_bytes / 1e6:7.0f}MB"


def run() -> None:
    with _processes(PROCESSES):
        costs = _scan_cpu_s()
        print(
            f"scan at {PROCESSES} processes: CPU median {sorted(costs)[len(costs) // 2] * 1000:.0f} ms (figure: 150 ms)"
        )
        ours = _cost([sys.executable, "-m", "agent.main", "scan", "--json"])
        report = json.loads(
            subprocess.run(
                [sys.executable, "-m", "agent.main", "scan", "--json"], capture_output=True, check=True
            ).stdout
        )
        classes = {item["class"] for section in report["sections"] for item in section["items"]}
        items = sum(len(section["items"]) for section in report["sections"])
        print(f"whole inventory, interpreter's start included: {len(classes)} classes, {items} items")
        print(f"  {'':<22} {'wall':>9} {'CPU':>9} {'peak':>9} {'wall, ours/theirs':>18}")
        print(_line("watchdeck-agent scan", ours))
        for name, command in _others().items():
            theirs = _cost(command)
            print(f"{_line(name, theirs)} {ours.wall_s / theirs.wall_s:17.2f}×")
