"""Every list as of a moment is what it was at that moment."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec

from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.model.change import Change, Put, Remove
from cmdb.model.kind import Kind
from cmdb.model.relation import Relation
from cmdb.store.embedded import EmbeddedStore
from tests.support.hub import HandClock, check, ci, client_of, hub_at, relation

LISTS = ("ci.list", "check.list", "agent.list", "incident.list", "service.list")
MOMENTS = 20
Ask = Callable[[HubClient, datetime | None], Awaitable[Any]]


async def test_lists_as_of_twenty_moments_of_a_run_are_what_they_were(tmp_path: Path) -> None:
    clock = HandClock()
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    async with hub_at(tmp_path, clock=clock, store=store) as hub, await client_of(hub) as client:
        choose = random.Random(20)
        printed: list[tuple[datetime, dict[str, Any]]] = []
        for step in range(MOMENTS):
            clock.turn(minutes=1)
            await hub.ledger.commit(some_changes(choose, step), actor="run", reason=f"step {step}")
            printed.append(await told(hub, client, clock, lists))
            clock.turn(minutes=1)
        assert len({repr(answer) for _, answer in printed}) == MOMENTS
        for moment, answer in printed:
            assert await lists(client, moment) == answer


def some_changes(choose: random.Random, step: int) -> list[Change]:
    """A few hosts and endpoints come, change their state, their name or their volatile figures, or go."""
    changes: list[Change] = []
    for host in choose.sample(range(10), 4):
        id_ = f"host-{host}"
        if choose.random() < 0.2:
            changes += [Remove(Kind.CI, id_), Remove(Kind.CI, f"{id_}/80"), Remove(Kind.CHECK, f"{id_}/80/tcp")]
            continue
        state = choose.choice(["ok", "warning", "unknown"])
        changes += [
            Put(Kind.CI, ci(id_, "host", host=id_, name=f"web-{choose.randrange(3)}", metrics={"uptime_s": step})),
            Put(Kind.CI, ci(f"{id_}/80", host=id_, attributes={"port": 80 + choose.randrange(2)})),
            Put(Kind.CHECK, check(f"{id_}/80", state=state)),
        ]
    return changes


async def told(hub: Hub, client: HubClient, clock: HandClock, ask: Ask) -> tuple[datetime, Any]:
    """What the hub answers once it has drawn its conclusions from what was written, and those from them; and a moment
    at which that was so. Who follows the record may be late, and still write as of a moment at which it was asked."""
    async with asyncio.timeout(60):
        while True:
            seq, moment = hub.store.seq, clock.now()
            answer = await ask(client, None)
            stands_still = answer == await ask(client, moment)
            clock.turn(seconds=1)
            await hub.ledger.note(actor="test", reason="behind whatever was under way", summary="")
            late = [row for row in await hub.store.audit(after_seq=seq) if row.at <= moment]
            if stands_still and not late:
                return moment, answer
            await asyncio.sleep(0.05)


async def lists(client: HubClient, at: datetime | None) -> dict[str, Any]:
    return {verb: await client.call(verb, **({} if at is None else {"at": at})) for verb in LISTS}


SHOP = """
[[service]]
name = "shop"
[[service.component]]
name = "app"
select = "class=software name=app"
"""


def one_of(database: str) -> Relation:
    return msgspec.structs.replace(relation("app", "depends_on", database), evidence={"group": "db", "needed": 1})


QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("ci.impact", {"id": "db-1"}),
    ("ci.depends", {"id": "app"}),
    ("ci.history", {"id": "app"}),
    ("ci.find", {"text": "postgres"}),
    ("ci.find", {"text": "class=database version<15"}),
    ("service.points", {"name": "shop"}),
    ("service.tree", {"name": "shop"}),
    ("service.map", {"name": "shop"}),
)


async def test_what_hangs_together_is_answered_as_it_was(tmp_path: Path) -> None:
    clock = HandClock()
    (tmp_path / "services.d").mkdir()
    (tmp_path / "services.d" / "shop.toml").write_text(SHOP)
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    old, new = ({"product": "postgres", "version": version} for version in ("14.2", "16.1"))
    steps: list[list[Change]] = [
        [Put(Kind.CI, ci("app", "software")), Put(Kind.CI, ci("db-1", "database", attributes=old))],
        [Put(Kind.RELATION, relation("app", "depends_on", "db-1"))],
        [Put(Kind.CHECK, check("db-1", state="critical"))],
        [
            Put(Kind.CI, ci("db-2", "database", attributes=new)),
            *(Put(Kind.RELATION, one_of(f"db-{n}")) for n in (1, 2)),
        ],
        [Put(Kind.CI, ci("db-1", "database", attributes=new))],
        [Remove(Kind.RELATION, one_of("db-1").id), Put(Kind.CI, ci("app", "software", status="retired"))],
    ]
    async with hub_at(tmp_path, clock=clock, store=store) as hub, await client_of(hub) as client:
        answered: list[tuple[datetime, list[Any]]] = []
        for changes in steps:
            clock.turn(minutes=1)
            await hub.ledger.commit(changes, actor="ann", reason="a step")
            answered.append(await told(hub, client, clock, answers))
            clock.turn(minutes=1)
        assert len({repr(answer) for _, answer in answered}) == len(steps)
        for moment, answer in answered:
            assert await answers(client, moment) == answer
    (depended,) = [node for node in answered[3][1][1]["nodes"] if node["id"] == "db-2"]
    assert depended["group"] == {"name": "db", "needed": 1}
    assert answered[2][1][1]["nodes"][0]["state"] == "critical"
    assert [point["id"] for point in answered[2][1][5]] == ["app", "db-1"]
    assert [point["id"] for point in answered[3][1][5]] == ["app"]


async def answers(client: HubClient, at: datetime | None) -> list[Any]:
    moment = {} if at is None else {"at": at}
    told = [(verb, await client.call(verb, **arguments, **moment)) for verb, arguments in QUESTIONS]
    # Of words the best match comes first, which only the index of now knows.
    return [sorted(answer, key=itemgetter("id")) if verb == "ci.find" else answer for verb, answer in told]
