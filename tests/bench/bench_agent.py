"""What an agent's reports cost the hub. What the agent itself costs its host is in `bench_ssh_resident`."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import msgspec

from agent.connection import Connection, Message, Side
from agent.discovery.digest import digest_of
from agent.wire import Hello, Item, Offer, ScanEnd, SectionOutcome, Welcome
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

REPORTS = 300


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        return [asyncio.run(_unchanged(Path(folder)))]


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
        assert await ingest.report(agent_id, _intakes.pop().finished(message, SystemClock().now())) is None


async def _on_record(ledger: Ledger, ingest: Ingest, agent_id: str, outcome: SectionOutcome) -> None:
    record = await ingest.record(agent_id)
    assert record is not None
    kept = msgspec.structs.replace(record, sections={outcome.name: msgspec.to_builtins(outcome)})
    await ledger.commit([Put(Kind.AGENT, kept)], actor="bench", reason="bench")
