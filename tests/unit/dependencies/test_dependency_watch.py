"""The hub's relations follow what agents observe: across hosts, when agents come, move in and go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from agent.wire import Item
from cmdb.hub.dependency_watch import DependencyWatch
from cmdb.hub.ledger import Ledger
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Change, Put
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.store.memory import MemoryStore

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        return self.moment


class Fleet:
    """A ledger and a watch that has always taken every batch."""

    def __init__(self) -> None:
        self.clock, self.store = Clock(), MemoryStore()
        self.ledger = Ledger(self.store, self.clock)
        self.watch = DependencyWatch(self.ledger, self.clock)
        self._after = 0

    async def put(self, *changes: Change) -> None:
        committed = await self.ledger.commit(changes, actor="test", reason="test")
        if committed is not None:
            await self.watch.apply(committed.deltas)

    async def host(self, name: str, address: str, port: int) -> None:
        """A host with an agent, an address, and a service that listens."""
        await self.put(
            Put(Kind.AGENT, AgentRecord(id=f"agent-{name}", name=name, host=name)),
            self._ci(name, "host", "host"),
            self._ci(name, "address", f"eth0/{address}/24", address=address),
            self._ci(name, "software", f"{name}.service"),
            self._ci(
                name,
                "endpoint",
                f"tcp/{port}",
                transport="tcp",
                address="0.0.0.0",
                port=port,
                software=f"{name}.service",
            ),
        )

    def _ci(self, host: str, class_: str, key: str, **attributes: object) -> Put:
        id_ = host if class_ == "host" else f"{host}:{key}"
        record = ConfigurationItem(
            id=id_, class_=class_, name=key, key=key, host=host, attributes=attributes, first_seen=NOON, last_seen=NOON
        )
        return Put(Kind.CI, record)

    async def sees(self, host: str, *peers: tuple[str, int]) -> None:
        self.watch.observe(
            f"agent-{host}",
            [
                Item(
                    "connection",
                    f"{peer}",
                    "",
                    {"direction": "out", "software": f"{host}.service", "peer_address": peer[0], "peer_port": peer[1]},
                )
                for peer in peers
            ],
        )
        await self.write()

    async def write(self, *, whole: bool = False) -> None:
        before = self.store.seq
        await self.watch.write(whole=whole)
        for seq in range(before, self.store.seq):
            async for deltas in self.store.subscribe(seq):
                await self.watch.apply(deltas)
                break

    async def relations(self) -> set[tuple[str, str, str]]:
        return {(one["source"], one["type"], one["target"]) for one in await self.store.find(Kind.RELATION)}

    async def externals(self, status: str = "in_use") -> set[str]:
        return {one["name"] for one in await self.store.find(Kind.CI, {"class": "external", "status": status})}


@pytest.fixture
async def fleet() -> AsyncIterator[Fleet]:
    fleet = Fleet()
    await fleet.watch.load(fleet.store)
    await fleet.host("web", "198.51.100.1", 80)
    yield fleet
    await fleet.store.close()


def _both(source: str, target: str) -> set[tuple[str, str, str]]:
    return {(source, "connects_to", target), (source, "depends_on", target)}


async def test_a_dependency_across_hosts(fleet: Fleet) -> None:
    await fleet.host("app", "198.51.100.2", 8000)
    await fleet.sees("web", ("198.51.100.2", 8000))
    assert await fleet.relations() == _both("web:web.service", "app:app.service")


async def test_a_peer_without_an_agent_is_external_until_one_moves_in(fleet: Fleet) -> None:
    await fleet.sees("web", ("198.51.100.2", 8000))
    assert await fleet.externals() == {"198.51.100.2:8000"}
    await fleet.host("app", "198.51.100.2", 8000)
    await fleet.write()
    assert await fleet.relations() == _both("web:web.service", "app:app.service")
    assert await fleet.externals("retired") == {"198.51.100.2:8000"}


async def test_what_is_seen_again_writes_nothing_for_an_hour(fleet: Fleet) -> None:
    await fleet.sees("web", ("203.0.113.1", 443))
    seq = fleet.store.seq
    await fleet.sees("web", ("203.0.113.1", 443))
    assert fleet.store.seq == seq
    fleet.clock.moment += timedelta(hours=1)
    await fleet.write(whole=True)
    (relation,) = await fleet.store.find(Kind.RELATION, {"type": "depends_on"})
    assert relation["evidence"]["samples"] == 2


async def test_what_is_long_unseen_is_forgotten_also_when_its_agent_is_gone(fleet: Fleet) -> None:
    await fleet.sees("web", ("203.0.113.1", 443))
    await fleet.put(Put(Kind.AGENT, AgentRecord(id="agent-web", name="web", host="web", state="silent")))
    fleet.clock.moment += timedelta(days=40)
    await fleet.write(whole=True)
    assert await fleet.relations() == set()
    await fleet.write()
    assert await fleet.externals() == set()


async def test_an_agent_that_comes_is_asked_for_its_connections_whole(fleet: Fleet) -> None:
    assert list(fleet.watch.lacks("agent-web")) == ["connection"]
    await fleet.sees("web")
    assert list(fleet.watch.lacks("agent-web")) == []
    await fleet.put(Put(Kind.AGENT, AgentRecord(id="agent-web", name="web", host="web", state="silent")))
    assert list(fleet.watch.lacks("agent-web")) == ["connection"]
