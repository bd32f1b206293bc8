"""A real hub in this process, on a socket in a temporary directory, with a clock that the test turns."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from checks.definition import Definition
from cmdb.config import Config
from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.hub.main import running
from cmdb.locations import Locations
from cmdb.model.change import Put
from cmdb.model.check import CheckRecord
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.model.relation import Relation, relation_id
from cmdb.store.memory import MemoryStore
from cmdb.store.protocol import Store

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class HandClock:
    """Stands still until it is turned."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def turn(self, **by: float) -> datetime:
        self._now += timedelta(**by)
        return self._now


@contextlib.asynccontextmanager
async def hub_at(
    folder: Path, *, config: Config | None = None, clock: HandClock | None = None, store: Store | None = None
) -> AsyncIterator[Hub]:
    """A hub that runs inside the `async with`."""
    store = store or MemoryStore()
    try:
        async with running(Locations(folder), config or Config(), clock or HandClock(), store) as hub:
            yield hub
    finally:
        await store.close()


async def client_of(hub: Hub) -> HubClient:
    return await HubClient.connect(hub.locations.hub_socket)


def ci(id_: str, class_: str = "endpoint", *, host: str | None = None, **fields: Any) -> ConfigurationItem:
    given = {"name": id_, "host": host, "first_seen": START, "last_seen": START} | fields
    return ConfigurationItem(id=id_, class_=class_, **given)


def check(ci_id: str, name: str = "tcp", state: str = "ok", **fields: object) -> CheckRecord:
    id_ = f"{ci_id}/{name}"
    given = {"since": START, "state": state, "output": f"{name} {state}"} | fields
    return CheckRecord(id=id_, ci=ci_id, type=name, definition=Definition(id_, ci_id, name), **given)  # type: ignore[arg-type]


def relation(source: str, type_: str, target: str) -> Relation:
    return Relation(
        id=relation_id(source, type_, target),
        source=source,
        type=type_,
        target=target,
        first_seen=START,
        last_seen=START,
    )


async def put(hub: Hub, *records: ConfigurationItem | CheckRecord | Relation) -> None:
    kinds = {ConfigurationItem: Kind.CI, CheckRecord: Kind.CHECK, Relation: Kind.RELATION}
    await hub.ledger.commit([Put(kinds[type(one)], one) for one in records], actor="test", reason="test")


async def until(condition: Callable[[], bool | Awaitable[bool]], what: str, limit_s: float = 60.0) -> None:
    """Wait for it, or fail saying what did not happen."""
    deadline = asyncio.get_running_loop().time() + limit_s
    while True:
        answer = condition()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert asyncio.get_running_loop().time() < deadline, f"not within {limit_s} s: {what}"
        await asyncio.sleep(0.005)
