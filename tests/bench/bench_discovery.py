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
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from agent.discovery.collector import Limits
from agent.discovery.scan import scan
from cmdb.exchange import ansible_facts, facter, glpi
from cmdb.exchange.imported import ImportedHost, Unreadable

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


class Other(NamedTuple):
    """Another inventory: its command, and what reads its output in our words."""

    command: list[str]
    read: Callable[[str], list[ImportedHost]]


def _others() -> dict[str, Other]:
    ansible = os.environ.get("ANSIBLE", "ansible")
    found = {
        "fusioninventory-agent": Other(["fusioninventory-inventory"], glpi.read),
        "facter": Other(["facter", "--json"], facter.read),
        "ansible -m setup": Other([ansible, "localhost", "-c", "local", "-m", "setup"], ansible_facts.read),
        "ocsinventory-agent": Other(["ocsinventory-agent", "--stdout"], glpi.read),
    }
    return {name: other for name, other in found.items() if shutil.which(other.command[0])}


def _listed(other: Other) -> Counter[str]:
    """How many items of each class it lists."""
    said = subprocess.run(other.command, capture_output=True, text=True, check=False).stdout
    try:
        return Counter(item.class_ for host in other.read(said) for item in (host.host, *host.items))
    except Unreadable as error:
        print(f"  {error}")
        return Counter()


def _line(name: str, cost: Cost, listed: Counter[str]) -> str:
    used = f"{cost.wall_s:8.2f}s {cost.cpu_s:8.2f}s {cost.peak_bytes / 1e6:7.0f}MB"
    return f"  {name:<22} {used} {len(listed):8} {listed.total():6}"


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
        found = Counter(item["class"] for section in report["sections"] for item in section["items"])
        print("whole inventory, interpreter's start included; classes and items in our words")
        print(f"  {'':<22} {'wall':>9} {'CPU':>9} {'peak':>9} {'classes':>8} {'items':>6} {'wall, ours/theirs':>18}")
        print(_line("watchdeck-agent scan", ours, found))
        for name, other in _others().items():
            theirs, listed = _cost(other.command), _listed(other)
            lacking = ", ".join(sorted(listed.keys() - found.keys())) or "nothing"
            ratio = f"{ours.wall_s / theirs.wall_s:17.2f}×"
            print(f"{_line(name, theirs, listed)} {ratio}  (it has, and we have not: {lacking})")
