"""The agent: what it holds of its host's memory, beside zabbix-agent2; and what its reports cost the hub."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from agent.connection import Connection, Message, Side
from agent.discovery.digest import digest_of
from agent.wire import Hello, Item, Offer, ScanEnd, SectionOutcome, Welcome
from checks.definition import Definition
from cmdb.clock import SystemClock
from cmdb.hub.ingest import Ingest, Reconciled
from cmdb.hub.intake import Intake, Scanned
from cmdb.hub.ledger import Ledger
from cmdb.hub.live_agent import Origin
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from tests.bench.figure import Figure
from tests.support.agents import HubEnd, agent_process
from tests.support.hub import until

REPORTS = 300
KINDS = ("load", "memory", "swap")


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        return [asyncio.run(_memory(Path(folder))), asyncio.run(_unchanged(Path(folder)))]


async def _memory(folder: Path) -> Figure:
    """Its share of memory after its first report and with checks that run, on this machine's own socket."""
    checks = [Definition(f"h/{kind}", "h", kind, interval_s=0.5) for kind in KINDS]
    hub = HubEnd(folder / "agent.sock", checks)
    async with hub.running():
        with agent_process(folder / "agent", hub.socket) as agent:
            await hub.until_reports(1)
            await until(lambda: len(hub.steps) >= len(KINDS), "results")
            ours = _pss_mb(agent.process.pid)
    with _zabbix(folder) as theirs:
        return Figure(
            "agent: resident PSS", ours, "MB", 10, "zabbix-agent2", theirs, None if theirs is None else 1 / 0.65
        )


async def _unchanged(folder: Path) -> Figure:
    """Bytes in, bytes out, a look at the record between: a report of 300 items that is as the last one was."""
    store = await EmbeddedStore.open(folder / "watchdeck.db")
    ledger = Ledger(store, SystemClock())
    ingest = Ingest(ledger, SystemClock(), _never)
    agent, hub = Connection(Side.AGENT), Connection(Side.HUB)
    hello = Hello(1, "a" * 32, "web1", "0.1.0", "linux")
    await ingest.arrive(hello, Origin())
    list(hub.receive(agent.send(hello)))
    list(agent.receive(hub.send(Welcome(1, "0.1.0"))))
    items = [Item(class_="package", key=f"dpkg/p{n}", name=f"p{n}", attributes={"version": "1"}) for n in range(300)]
    outcome = SectionOutcome("dpkg", "ok", digest=digest_of(items), items=300)
    await _on_record(ledger, ingest, hello.agent_id, outcome)
    said = [agent.send(Offer(n, SystemClock().now(), (outcome,))) + agent.send(ScanEnd(n, 0.1)) for n in range(REPORTS)]
    cpu = time.process_time()
    for data in said:
        for message in hub.receive(data):
            await _act(ingest, hello.agent_id, hub, message)
    took_ms = 1000 * (time.process_time() - cpu) / REPORTS
    await store.close()
    return Figure("hub: unchanged report of 300 items, CPU", took_ms, "ms", 0.15)


async def _never(agent: AgentRecord, scanned: Scanned) -> Reconciled:
    raise AssertionError("an unchanged report is not reconciled")


_intakes: list[Intake] = []


async def _act(ingest: Ingest, agent_id: str, hub: Connection, message: Message) -> None:
    if isinstance(message, Offer):
        want = await ingest.want(agent_id, message)
        assert want.sections == ()
        _intakes.append(Intake(message, want, 0.0, 0))
        hub.send(want)
    elif isinstance(message, ScanEnd):
        assert await ingest.report(agent_id, _intakes.pop().finished(message)) is None


async def _on_record(ledger: Ledger, ingest: Ingest, agent_id: str, outcome: SectionOutcome) -> None:
    record = await ingest.record(agent_id)
    assert record is not None
    kept = msgspec.structs.replace(record, sections={outcome.name: msgspec.to_builtins(outcome)})
    await ledger.commit([Put(Kind.AGENT, kept)], actor="bench", reason="bench")


def _pss_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(text.split("Pss:")[1].split()[0]) / 1024


@contextlib.contextmanager
def _zabbix(folder: Path) -> Iterator[float | None]:
    program = shutil.which("zabbix_agent2")
    if program is None:
        yield None
        return
    config = folder / "zabbix.conf"
    config.write_text(f"LogType=console\nServer=127.0.0.1\nListenPort=0\nControlSocket={folder}/z.sock\nHostname=x\n")
    agent = subprocess.Popen([program, "-f", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(3)
        yield _pss_mb(agent.pid) if agent.poll() is None else None
    finally:
        agent.terminate()
        agent.wait()
