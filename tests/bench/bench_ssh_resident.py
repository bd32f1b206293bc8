"""What a deployed agent holds of its host's memory, its ssh with it, beside zabbix-agent2 and node_exporter.

As deployed: its bytecode is written, it reports over SSH and runs the checks that the hub found for this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.figure import Figure
from tests.support.agents import ROOT, agent_process
from tests.support.hub import client_of, until
from tests.support.ssh import site_at

SETTLE_S = 10.0
SHARE_OF_ZABBIX, SHARE_OF_EXPORTER = 0.65, 1.0


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with _bytecode_in(place / "bytecode"):
            agent, ssh = asyncio.run(_ours(place))
        zabbix, exporter = _zabbix_mb(place), _exporter_mb()
    ours = agent + ssh
    return [
        Figure("agent: resident PSS, its ssh with it", ours, "MB", 10, "zabbix-agent2", zabbix, 1 / SHARE_OF_ZABBIX),
        Figure("agent: the same, beside", ours, "MB", None, "node_exporter", exporter, SHARE_OF_EXPORTER),
        Figure("agent: of that its ssh", ssh, "MB"),
    ]


async def _ours(folder: Path) -> tuple[float, float]:
    """The agent's own, and its ssh's."""
    async with site_at(folder) as site, await client_of(site.hub) as admin:
        state, address = folder / "agent", f"ssh://127.0.0.1:{site.port}"
        key = [sys.executable, "-m", "agent.main", "key", "--state", str(state), "--trust", address]
        made = subprocess.run(key, cwd=ROOT, input=site.host_key, capture_output=True, text=True, check=True).stdout
        id_, public = made.split('"')[3], made.split('"')[7]
        await admin.call("agent.place", agent_id=id_, name="bench", key=public)
        for _ in range(2):  # the first run writes the bytecode
            with agent_process(state, address) as agent:
                await until(lambda: id_ in site.hub.agents.live, "the agent", limit_s=60)
                await until(lambda: site.hub.census.checks["ok"] > 0, "checks", limit_s=120)
                await asyncio.sleep(SETTLE_S)
                pid = agent.process.pid
                found = pss_mb(pid), sum(pss_mb(child) for child in _children(pid))
        return found


@contextlib.contextmanager
def _bytecode_in(folder: Path) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _zabbix_mb(folder: Path) -> float | None:
    """As it starts, with nobody asking it."""
    config = folder / "zabbix.conf"
    sockets = f"ControlSocket={folder}/control.sock\nPluginSocket={folder}/plugin.sock\n"
    listens = "Server=127.0.0.1\nListenIP=127.0.0.1\nListenPort=10951\nHostname=bench\n"
    config.write_text(f"LogType=console\n{listens}{sockets}")
    return _mb_of(["zabbix_agent2", "-f", "-c", str(config)], ())


def _exporter_mb() -> float | None:
    """After it has been asked a few times."""
    address = "127.0.0.1:19151"
    return _mb_of(["prometheus-node-exporter", f"--web.listen-address={address}"], [f"http://{address}/metrics"] * 5)


def _mb_of(command: Sequence[str], asked: Sequence[str]) -> float | None:
    if shutil.which(command[0]) is None:
        return None
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(3)
        for url in asked:
            urllib.request.urlopen(url).read()
        return pss_mb(program.pid) if program.poll() is None else None
    finally:
        program.terminate()
        program.wait()


def pss_mb(pid: int) -> float:
    """What of memory is this process's, what it shares counted by its share."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(text.split("\nPss:")[1].split()[0]) / 1024


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
