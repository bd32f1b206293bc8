"""Sees to it that no check stands on old news: silent agents, results that do not come, the heartbeat checks.

How old a result is, is measured on the monotonic clock from when the hub saw it: a clock that is set ages nothing.
"""

from __future__ import annotations

import asyncio
import functools
import heapq
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec

from checks.definition import Definition
from cmdb.clock import Clock
from cmdb.config import CheckSection
from cmdb.hub.ledger import Ledger
from cmdb.hub.stirred import stirred
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Change, Delta, Put
from cmdb.model.check import CheckRecord
from cmdb.model.kind import Kind
from cmdb.practices.freshness import HEARTBEAT, heartbeat, lives_s, without_data
from cmdb.store.protocol import Document, Store, StoreError

ACTOR = "hub"
LONGEST_WAIT_S = 60.0
RETRY_S = 1.0
_log = logging.getLogger(__name__)


class Freshness:
    """Follows checks and agents; `run` writes what has gone stale until cancelled."""

    def __init__(self, ledger: Ledger, clock: Clock, tuning: CheckSection) -> None:
        self._ledger, self._clock, self._tuning = ledger, clock, tuning
        self._seen: dict[str, object] = {}  # by check, the moment of its last result; of a heartbeat, its agent
        self._due_s: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._agents: set[str] = set()  # to be looked at: their state changed
        self._states: dict[str, str] = {}
        self._stirred = asyncio.Event()
        self.agent_changed: Callable[[str], Awaitable[None]] | None = None  # told before its checks are judged

    async def load(self, store: Store) -> None:
        """Everything on record gets a whole life from now: the hub was not there to see."""
        self._seen, self._due_s, self._heap, self._states = {}, {}, [], {}
        for check in await store.find(Kind.CHECK):
            self._take_check(check["id"], check)
        for agent in await store.find(Kind.AGENT):
            self._take_agent(agent["id"], agent)

    async def apply(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if delta.kind is Kind.CHECK:
                self._take_check(delta.id, delta.body)
            elif delta.kind is Kind.AGENT:
                self._take_agent(delta.id, delta.body)

    async def run(self) -> None:
        while True:
            self._stirred.clear()
            try:
                await self._judge_agents()
                await self._judge_ages()
            except StoreError as error:
                _log.warning("stale checks are looked at again in %g s: %s", RETRY_S, error)
                await asyncio.sleep(RETRY_S)
                self._stirred.set()
            await stirred(self._stirred, self._wait_s())

    async def _judge_agents(self) -> None:
        """What follows for the checks of agents that came or fell silent."""
        while self._agents:
            agent_id = min(self._agents)
            if self.agent_changed is not None:
                await self.agent_changed(agent_id)
            document = await self._ledger.get(Kind.AGENT, agent_id)
            checks = await self._ledger.store.find(Kind.CHECK, {"agent": agent_id})
            if document is not None:
                agent = msgspec.convert(document, AgentRecord)
                await self._write(checks, functools.partial(self._by_agent, agent))
            self._agents.discard(agent_id)

    def _by_agent(self, agent: AgentRecord, check: CheckRecord) -> CheckRecord:
        now = self._clock.now()
        if check.type == HEARTBEAT:
            return heartbeat(check, agent, now)
        if agent.state == "connected":
            return check
        return without_data(check, now, f"no data: agent {agent.name} is {agent.state}")

    async def _judge_ages(self) -> None:
        late = []
        now_s = asyncio.get_running_loop().time()
        while self._heap and self._heap[0][0] <= now_s:
            _, id_ = heapq.heappop(self._heap)
            due_s = self._due_s.get(id_)
            if due_s is None:
                continue
            if due_s > now_s:
                heapq.heappush(self._heap, (due_s, id_))
                continue
            self._forget(id_)
            late.append(id_)
        found = [await self._ledger.get(Kind.CHECK, id_) for id_ in late]
        try:
            await self._write((check for check in found if check is not None), self._by_age)
        except StoreError:
            for id_ in late:
                self._live(id_, now_s)
            raise

    def _by_age(self, check: CheckRecord) -> CheckRecord:
        last = "ever" if check.last_result_at is None else f"since {check.last_result_at:%Y-%m-%dT%H:%M:%SZ}"
        return without_data(check, self._clock.now(), f"no data: no result {last}")

    async def _write(self, checks: Iterable[Document], judged: Callable[[CheckRecord], CheckRecord]) -> None:
        changes: list[Change] = []
        for document in checks:
            before = msgspec.convert(document, CheckRecord)
            after = judged(before)
            if after is not before:
                changes.append(Put(Kind.CHECK, after, before.version))
        if changes:
            await self._ledger.commit(changes, actor=ACTOR, reason="freshness")

    def _take_check(self, id_: str, check: Document | None) -> None:
        if check is None:
            self._seen.pop(id_, None)
            self._forget(id_)
            return
        if check["type"] == HEARTBEAT:
            if check["agent"] is not None and self._seen.get(id_) != check["agent"]:
                self._seen[id_] = check["agent"]
                self._agents.add(check["agent"])
                self._stirred.set()
            return
        if id_ in self._seen and self._seen[id_] == check["last_result_at"]:
            return
        self._seen[id_] = check["last_result_at"]
        definition = msgspec.convert(check, CheckRecord).definition
        self._live(id_, asyncio.get_running_loop().time() + self._lives_s(definition))

    def _lives_s(self, definition: Definition) -> float:
        return lives_s(definition, self._tuning.ttl_intervals, self._tuning.ttl_grace_s)

    def _live(self, id_: str, due_s: float) -> None:
        """One entry of the heap a check: a later due time is found when the earlier one comes."""
        if id_ not in self._due_s:
            heapq.heappush(self._heap, (due_s, id_))
            self._stirred.set()
        self._due_s[id_] = due_s

    def _forget(self, id_: str) -> None:
        self._due_s.pop(id_, None)

    def _take_agent(self, id_: str, agent: Document | None) -> None:
        state = None if agent is None else agent["state"]
        if state is not None and self._states.get(id_) != state:
            self._states[id_] = state
            self._agents.add(id_)
            self._stirred.set()

    def _wait_s(self) -> float:
        if not self._heap:
            return LONGEST_WAIT_S
        return max(0.0, min(LONGEST_WAIT_S, self._heap[0][0] - asyncio.get_running_loop().time()))
