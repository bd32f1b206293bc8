"""A real agent process and a real hub end to join it to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import msgspec

from agent.wire import Results, Work
from checks.definition import Definition
from cmdb.clock import SystemClock
from cmdb.config import AgentSection
from cmdb.hub.agents import Agents
from cmdb.hub.check_results import Step
from cmdb.hub.identities import Identities
from cmdb.hub.ingest import Ingest, Reconciled
from cmdb.hub.intake import Scanned
from cmdb.hub.key_ring import KeyRing
from cmdb.hub.ledger import Ledger
from cmdb.hub.live_agent import LiveAgent
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Delta, Put
from cmdb.model.check import CheckRecord
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.store.memory import MemoryStore
from tests.support.hub import until

ROOT = Path(__file__).parents[2]
LIMIT_S = 30.0
AS_MODULE = (sys.executable, "-m", "agent.main")


class AgentProcess:
    """`watchdeck-agent run`, killed at the end at the latest."""

    def __init__(
        self, state: Path, hub: Path | str, *, lifeline: bool = False, program: Sequence[str] = AS_MODULE
    ) -> None:
        address = hub if isinstance(hub, str) else f"unix:{hub}"
        command = [*program, "run", "--state", str(state), "--hub", address]
        reading, self.lifeline = os.pipe() if lifeline else (-1, -1)
        if lifeline:
            command += ["--lifeline", str(reading)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stderr=subprocess.PIPE, text=True, pass_fds=[reading] if lifeline else []
        )
        if lifeline:
            os.close(reading)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.communicate()

    def stop(self) -> tuple[int, str]:
        """SIGTERM; its exit status and what it said."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> tuple[int, str]:
        """Wait for it to end by itself."""
        _, said = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, said


@contextlib.contextmanager
def agent_process(
    state: Path, hub: Path | str, *, lifeline: bool = False, program: Sequence[str] = AS_MODULE
) -> Iterator[AgentProcess]:
    agent = AgentProcess(state, hub, lifeline=lifeline, program=program)
    try:
        yield agent
    finally:
        if agent.process.poll() is None:
            agent.kill()
        if lifeline:
            with contextlib.suppress(OSError):
                os.close(agent.lifeline)


class TellingIngest(Ingest):
    """Also keeps the steps that results made."""

    steps: list[Step]

    async def results(self, agent_id: str, message: Results) -> Sequence[Step]:
        made = await super().results(agent_id, message)
        self.steps.extend(made)
        return made


class HubEnd:
    """Ledger, store and the agents' end, with simple rules in place of the real ones. Survives its own restarts."""

    def __init__(self, socket: Path, definitions: Sequence[Definition] = (), pace: AgentSection | None = None) -> None:
        self.socket, self.definitions = socket, list(definitions)
        self.pace = pace or AgentSection(scan_interval_s=3600, heartbeat_interval_s=0.2, silent_after_s=5)
        self.store = MemoryStore()
        self.ledger = Ledger(self.store, SystemClock())
        self.steps: list[Step] = []
        self.deltas: list[Delta] = []
        self._seen = 0
        self.scans: list[Scanned] = []
        self.reports: list[LiveAgent] = []
        self.ingest = TellingIngest(self.ledger, SystemClock(), self._reconcile)
        self.ingest.steps = self.steps
        self.agents = self._agents()

    def _agents(self) -> Agents:
        return Agents(
            self.ingest,
            self.store,
            SystemClock(),
            self.pace,
            work_for=self._work_for,
            reported=self._reported,
            keys=KeyRing(self.ledger, Identities()),
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.agents = self._agents()
        following = asyncio.create_task(self._follow())
        try:
            async with self.agents.running(self.socket):
                yield
        finally:
            following.cancel()

    async def _follow(self) -> None:
        async for deltas in self.store.subscribe(self._seen):
            self.deltas.extend(deltas)
            self._seen = deltas[-1].seq

    async def agent(self) -> AgentRecord:
        """The one agent on record."""
        (document,) = await self.store.find(Kind.AGENT)
        return msgspec.convert(document, AgentRecord)

    async def until_reports(self, number: int) -> None:
        """Wait for so many scans."""
        await until(lambda: len(self.reports) >= number, f"report {number}")

    @property
    def agent_states(self) -> list[str]:
        """The states that the agent's record went through."""
        states = [delta.body["state"] for delta in self.deltas if delta.kind is Kind.AGENT and delta.body]
        return [state for n, state in enumerate(states) if states[n - 1 : n] != [state]]

    def changes(self) -> list[Step]:
        """The steps that made another state."""
        return [step for step in self.steps if step.before.state != step.after.state]

    async def checks(self) -> list[CheckRecord]:
        return [msgspec.convert(document, CheckRecord) for document in await self.store.find(Kind.CHECK)]

    async def _work_for(self, agent_id: str) -> Work:
        now = SystemClock().now()
        records = [
            CheckRecord(id=one.id, ci=one.ci, type=one.type, definition=one, agent=agent_id, since=now)
            for one in self.definitions
            if await self.store.get(Kind.CHECK, one.id) is None
        ]
        await self.ledger.commit([Put(Kind.CHECK, record) for record in records], actor="test", reason="work")
        return Work(1, self.definitions)

    async def _reconcile(self, agent: AgentRecord, scanned: Scanned) -> Reconciled:
        self.scans.append(scanned)
        seen = scanned.at
        items = [item for section in scanned.sections for item in section.items or () if item.class_ == "host"]
        cis = [
            ConfigurationItem(
                id=f"{agent.id}-host", class_="host", name=item.name, first_seen=seen, last_seen=seen, keys=item.keys
            )
            for item in items
        ]
        return Reconciled([Put(Kind.CI, ci) for ci in cis], host=cis[0].id if cis else None)

    async def _reported(self, live: LiveAgent) -> None:
        self.reports.append(live)
