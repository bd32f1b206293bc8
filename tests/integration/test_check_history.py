"""Every transition of a check and what it measured can be asked for, whatever the hub went through."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.wire import CheckResult, Hello, Results, Summary
from checks.result import Metric, Result, State
from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.table import VERBS
from cmdb.hub.api.verb import checked
from cmdb.hub.hub import Hub
from cmdb.hub.ingest import Ingest
from cmdb.hub.ledger import Ledger
from cmdb.hub.live_agent import Origin
from cmdb.hub.role import Role
from cmdb.hub.session import Session
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from tests.support.hub import START, HandClock, check, ci, hub_at, put, until

CHECK = "web/load"


class Telling:
    """An agent's results, taken in by a hub's own `Ingest`."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.ingest: Ingest = hub.agents.ingest
        self.serial = 0

    async def arrive(self) -> None:
        record = await self.ingest.arrive(Hello(1, "agent-1", "web", "0.1.0", "linux"), Origin())
        self.serial = record.serial

    async def tell(self, *changes: CheckResult, summaries: tuple[Summary, ...] = ()) -> Results:
        self.serial += 1
        message = Results(self.serial, list(changes), list(summaries))
        await self.ingest.results("agent-1", message)
        return message


def found(seconds: float, state: State, attempt: int = 1, *, hard: bool = True) -> CheckResult:
    at = START + timedelta(seconds=seconds)
    result = Result(
        CHECK, at, state, f"load is {state.word}", metrics=(Metric("load1", 1.0, "x"),), phases={"total": 0.1}
    )
    return CheckResult(result, hard, attempt)


def summary(start_s: float, end_s: float, state: State, *values: float) -> Summary:
    metric = (min(values), sum(values) / len(values), max(values), len(values), values[-1])
    at = (START + timedelta(seconds=start_s), START + timedelta(seconds=end_s))
    return Summary(CHECK, *at, int(state), len(values), metrics={"load1": metric})


async def asked(hub: Hub, verb: str, **args: Any) -> Any:
    found = VERBS[verb]
    return await found.run(hub, Session("mia", Role.VIEWER, lambda *_: True), checked(found, verb, args))


async def states(hub: Hub) -> list[str]:
    rows = await asked(hub, "check.history", id=CHECK)
    return [f"{row['state']} {'H' if row['hard'] else 'S'}{row['attempt']}" for row in reversed(rows)]


async def begun(hub: Hub) -> Telling:
    telling = Telling(hub)
    await telling.arrive()
    await put(hub, ci("web", "host", host="web"), check("web", "load", "pending", agent="agent-1"))
    return telling


async def test_each_transition_of_one_message_is_kept_at_its_own_time(tmp_path: Path) -> None:
    clock = HandClock()
    async with hub_at(tmp_path, clock=clock) as hub:
        telling = await begun(hub)
        clock.turn(minutes=10)
        await telling.tell(
            found(0, State.OK),
            found(60, State.CRITICAL, hard=False),
            found(120, State.CRITICAL, 2, hard=False),
            found(180, State.CRITICAL),
            found(240, State.OK),
            summaries=(summary(0, 50, State.OK, 1.0, 2.0), summary(60, 60, State.CRITICAL, 9.0)),
        )
        assert await states(hub) == ["ok H1", "critical S1", "critical S2", "critical H1", "ok H1"]
        rows = await asked(hub, "check.history", id=CHECK)
        assert [row["lasted_s"] for row in rows] == [None, 60, 60, 60, 60]
        assert rows[1]["result"]["phases"] == {"total": 0.1}
        series = await asked(hub, "check.series", id=CHECK)
        (metric,) = series["metrics"]
        assert (metric["name"], metric["unit"], series["span"]) == ("load1", "x", "1m")
        assert [(point["at"], point["mean"]) for point in metric["points"]] == [
            (START, 1.5), (START + timedelta(minutes=1), 9.0),
        ]  # fmt: skip


async def test_a_message_told_again_after_a_crash_changes_nothing(tmp_path: Path) -> None:
    """The hub was killed between taking it into the series and into the record."""
    clock = HandClock()
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    async with hub_at(tmp_path, clock=clock, store=store) as hub:
        telling = await begun(hub)
        clock.turn(minutes=5)
        message = Results(1, [found(0, State.CRITICAL)], [summary(0, 10, State.CRITICAL, 1.0, 2.0)])
        steps = await telling.ingest._steps("agent-1", message)
        await hub.check_history.take("agent-1", message, steps)
    again = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    async with hub_at(tmp_path, clock=clock, store=again) as hub:
        telling = Telling(hub)
        await telling.arrive()
        await telling.ingest.results("agent-1", message)
        assert await states(hub) == ["critical H1"]
        (metric,) = (await asked(hub, "check.series", id=CHECK))["metrics"]
        assert [point["count"] for point in metric["points"]] == [2]


async def test_what_the_hub_finds_itself_is_kept_and_what_comes_after_too(tmp_path: Path) -> None:
    clock = HandClock()
    async with hub_at(tmp_path, clock=clock) as hub:
        telling = await begun(hub)
        await telling.tell(found(0, State.OK))
        clock.turn(minutes=2)
        known = await hub.store.get(Kind.AGENT, "agent-1")
        silent = msgspec.structs.replace(msgspec.convert(known, AgentRecord), state="silent")
        await hub.ledger.commit([Put(Kind.AGENT, silent)], actor="test", reason="cut off")

        async def noted() -> bool:
            return await states(hub) == ["ok H1", "unknown H1"]

        await until(noted, "no data in the history")
        clock.turn(minutes=8)
        await telling.arrive()
        await telling.tell(summaries=(summary(30, 570, State.OK, 1.0),))
        rows = await asked(hub, "check.history", id=CHECK)
        assert [(row["state"], row["reason"], row["at"]) for row in rows] == [
            ("ok", None, START + timedelta(minutes=10)),
            ("unknown", "no_data", START + timedelta(minutes=2)),
            ("ok", None, START),
        ]


async def test_what_a_hub_did_not_live_to_note_is_noted_at_its_next_start(tmp_path: Path) -> None:
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    async with hub_at(tmp_path, store=store) as hub:
        await begun(hub)
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    changed = check("web", "load", "unknown", agent="agent-1", reason="no_data")
    await Ledger(store, HandClock()).commit([Put(Kind.CHECK, changed)], actor="hub", reason="freshness")
    async with hub_at(tmp_path, store=store) as hub:
        assert await states(hub) == ["unknown H1"]


async def test_a_restless_check_is_on_record_as_one(tmp_path: Path) -> None:
    async with hub_at(tmp_path) as hub:
        telling = await begun(hub)
        await telling.tell(msgspec.structs.replace(found(0, State.CRITICAL), flapping=True))
        assert (await asked(hub, "check.show", id=CHECK))["flapping"] is True
        await telling.tell(found(60, State.OK))
        assert (await asked(hub, "check.show", id=CHECK))["flapping"] is False


async def test_a_check_that_there_is_not_is_not_found(tmp_path: Path) -> None:
    async with hub_at(tmp_path) as hub:
        for verb in ("check.history", "check.series"):
            with pytest.raises(Refused, match="is not known"):
                await asked(hub, verb, id="nothing/here")


@pytest.mark.parametrize(("hours", "span"), [(3, "1m"), (24, "1h"), (24 * 60, "1d")])
async def test_the_span_suits_the_time_that_is_asked_for(tmp_path: Path, hours: int, span: str) -> None:
    async with hub_at(tmp_path) as hub:
        await begun(hub)
        since: datetime = START - timedelta(hours=hours)
        assert (await asked(hub, "check.series", id=CHECK, since=since))["span"] == span


async def test_the_last_hour_of_many_checks_is_asked_for_at_once(tmp_path: Path) -> None:
    async with hub_at(tmp_path, clock=HandClock()) as hub:
        telling = await begun(hub)
        await telling.tell(found(0, State.OK))
        await telling.tell(summaries=(summary(0, 60, State.OK, 1.0, 3.0), summary(60, 120, State.OK, 5.0, 5.0)))
        at = START + timedelta(minutes=30)
        answer = await asked(hub, "check.trends", ids=[CHECK, "nobody/knows"], until=at)
    assert answer == {CHECK: {"metric": "load1", "values": [None] * 4 + [3.5] + [None] * 3}}
