"""What a deployed agent holds of its host's memory, its ssh with it, beside zabbix-agent2 and node_exporter.

As deployed: what `agent deploy` sends, started as its wrapper does; it reports over SSH and runs the checks that the
hub found for this machine. Beside it the least that Python holds with asyncio and msgspec loaded, and nothing of ours.
"""

from __future__ import annotations

import asyncio
import io
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from console.deploy.payload import payload
from tests.bench.figure import Figure
from tests.support.agents import agent_process
from tests.support.hub import client_of, until
from tests.support.ssh import site_at

SETTLE_S = 10.0
SHARE_OF_ZABBIX, SHARE_OF_EXPORTER = 0.65, 1.0
_PYTHON = (sys.executable, "-I", "-S", "-B")  # as the wrapper of `agent/deploy/host.sh`
_ONLY_THE_LIBRARIES = """
import sys, time
sys.path.insert(0, sys.argv[1])
from agent.spared import load_asyncio_without_tls, put_off
put_off()
load_asyncio_without_tls()
import msgspec
print(flush=True)
time.sleep(60)
"""


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        agent, ssh, floor = asyncio.run(_ours(place))
        zabbix, exporter = _zabbix_mb(place), _exporter_mb()
    ours = agent + ssh
    return [
        Figure("agent: resident PSS, its ssh with it", ours, "MB", 10, "zabbix-agent2", zabbix, 1 / SHARE_OF_ZABBIX),
        Figure("agent: the same, beside", ours, "MB", None, "node_exporter", exporter, SHARE_OF_EXPORTER),
        Figure("agent: of that its ssh", ssh, "MB"),
        Figure("agent: of that Python with asyncio and msgspec", floor, "MB"),
    ]


async def _ours(folder: Path) -> tuple[float, float, float]:
    """The agent's own, its ssh's, and what is the least of its own."""
    lib = _unpacked(folder / "installed")
    program = (*_PYTHON, str(lib.parent / "run.py"))
    async with site_at(folder) as site, await client_of(site.hub) as admin:
        state, address = folder / "agent", f"ssh://127.0.0.1:{site.port}"
        key = [*program, "key", "--state", str(state), "--trust", address]
        made = subprocess.run(key, input=site.host_key, capture_output=True, text=True, check=True).stdout
        id_, public = made.split('"')[3], made.split('"')[7]
        await admin.call("agent.place", agent_id=id_, name="bench", key=public)
        with agent_process(state, address, program=program) as agent:
            await until(lambda: id_ in site.hub.agents.live, "the agent", limit_s=60)
            await until(lambda: site.hub.census.checks["ok"] > 0, "checks", limit_s=120)
            await asyncio.sleep(SETTLE_S)
            pid = agent.process.pid
            return pss_mb(pid), sum(pss_mb(child) for child in _children(pid)), _libraries_mb(lib)


def _unpacked(folder: Path) -> Path:
    """What a deployment sends to a host like this one, its bytecode written; gives its libraries' folder."""
    sent = payload(sys.version_info[:2], platform.machine(), folder / "wheels")
    with tarfile.open(fileobj=io.BytesIO(sent.archive)) as archive:
        archive.extractall(folder, filter="data")
    subprocess.run([sys.executable, "-I", "-m", "compileall", "-q", str(folder / "lib")], check=True)
    return folder / "lib"


def _libraries_mb(lib: Path) -> float:
    command = [*_PYTHON, "-c", _ONLY_THE_LIBRARIES, str(lib)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = pss_mb(process.pid)
        process.kill()
    return found


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
