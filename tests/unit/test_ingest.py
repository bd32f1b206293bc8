"""What agents say becomes the record: whole, once, and only about what is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest

from agent.wire import CheckResult, Hello, Offer, Results, SectionOutcome
from checks.definition import Definition
from checks.result import Result, State
from cmdb.clock import SystemClock
from cmdb.hub.ingest import Ingest, Reconciled, Refused
from cmdb.hub.intake import Scanned, ScannedSection
from cmdb.hub.ledger import Ledger
from cmdb.hub.live_agent import Origin
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Change, Put
from cmdb.model.check import CheckRecord
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.store.memory import MemoryStore
from cmdb.store.protocol import Committed

AT = datetime(2026, 3, 1, tzinfo=UTC)
HELLO = Hello(1, "a1", "web1", "0.1.0", "linux")


class BusyLedger(Ledger):
    """Somebody else writes between a decision and its commit, once for each of `meanwhile`."""

    meanwhile: list[Change] = []

    async def commit(self, changes: Sequence[Change], *, actor: str, reason: str) -> Committed | None:
        if self.meanwhile and actor != "mia":
            await super().commit([self.meanwhile.pop()], actor="mia", reason="at the same time")
        return await super().commit(changes, actor=actor, reason=reason)


class Case:
    """An ingest on a real ledger, with rules that a test sets."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.ledger = BusyLedger(self.store, SystemClock())
        self.refusal = ""
        self.reconciled = 0
        self.ingest = Ingest(self.ledger, SystemClock(), self._reconcile)

    async def _reconcile(self, agent: AgentRecord, scanned: Scanned) -> Reconciled:
        self.reconciled += 1
        host = ConfigurationItem(id="h1", class_="host", name="web1", first_seen=AT, last_seen=AT)
        return Reconciled([] if self.refusal else [Put(Kind.CI, host)], host="h1", refused=self.refusal)

    async def add_check(self, id_: str, agent: str = "a1") -> CheckRecord:
        record = CheckRecord(
            id=id_, ci="h1", type="load", definition=Definition(id_, "h1", "load"), agent=agent, since=AT
        )
        await self.ledger.commit([Put(Kind.CHECK, record)], actor="test", reason="check")
        return record

    async def check(self, id_: str) -> CheckRecord:
        return msgspec.convert(await self.ledger.get(Kind.CHECK, id_), CheckRecord)

    async def agent(self) -> AgentRecord:
        record = await self.ingest.record("a1")
        assert record is not None
        return record


@pytest.fixture
async def case() -> Case:
    case = Case()
    await case.ingest.arrive(HELLO, Origin())
    return case


def results(serial: int, *states: tuple[str, State]) -> Results:
    changes = [CheckResult(Result(check, AT, state, "said"), True, 1) for check, state in states]
    return Results(serial, changes)


def scanned(*sections: ScannedSection) -> Scanned:
    return Scanned(AT, 0.1, list(sections))


def section(name: str, outcome: str = "ok", digest: str = "d1", items: bool = True) -> ScannedSection:
    return ScannedSection(SectionOutcome(name, outcome, digest=digest), [] if items else None)


async def test_results_and_their_serial_are_one_batch(case: Case) -> None:
    await case.add_check("h1/load")
    before = case.store.seq
    await case.ingest.results("a1", results(1, ("h1/load", State.CRITICAL)))
    assert case.store.seq == before + 1
    assert (await case.check("h1/load")).state == "critical"
    assert (await case.agent()).serial == 1


async def test_a_serial_is_taken_once(case: Case) -> None:
    await case.add_check("h1/load")
    await case.ingest.results("a1", results(4, ("h1/load", State.OK)))
    before = case.store.seq
    assert await case.ingest.results("a1", results(4, ("h1/load", State.CRITICAL))) == []
    assert await case.ingest.results("a1", results(3, ("h1/load", State.CRITICAL))) == []
    assert case.store.seq == before


async def test_an_agent_may_not_speak_of_anothers_checks(case: Case) -> None:
    theirs = await case.add_check("h2/load", agent="a2")
    told = await case.ingest.results("a1", results(1, ("h2/load", State.CRITICAL), ("none", State.OK)))
    assert (await case.check("h2/load")).state == theirs.state
    assert told == []


async def test_several_results_of_one_check_are_all_told_and_the_last_is_kept(case: Case) -> None:
    await case.add_check("h1/load")
    told = await case.ingest.results("a1", results(1, ("h1/load", State.CRITICAL), ("h1/load", State.OK)))
    assert [(step.before.state, step.after.state) for step in told] == [
        ("pending", "critical"),
        ("critical", "ok"),
    ]
    assert (await case.check("h1/load")).state == "ok"


async def test_a_write_in_between_makes_it_decide_anew(case: Case) -> None:
    record = await case.add_check("h1/load")
    case.ledger.meanwhile = [Put(Kind.CHECK, msgspec.structs.replace(record, acknowledged_by="mia"))]
    await case.ingest.results("a1", results(1, ("h1/load", State.CRITICAL)))
    check = await case.check("h1/load")
    assert (check.state, check.acknowledged_by) == ("critical", "mia")


async def test_a_report_is_taken_with_its_sections(case: Case) -> None:
    await case.ingest.report("a1", scanned(section("disk"), section("unit", "denied", "", items=False)))
    agent = await case.agent()
    assert agent.host == "h1"
    assert {name: told["outcome"] for name, told in agent.sections.items()} == {"disk": "ok", "unit": "denied"}
    assert await case.ledger.get(Kind.CI, "h1") is not None


async def test_an_unchanged_report_is_neither_reconciled_nor_written(case: Case) -> None:
    await case.ingest.report("a1", scanned(section("disk")))
    before = case.store.seq
    offer = Offer(2, AT, (SectionOutcome("disk", "ok", digest="d1"),))
    assert (await case.ingest.want("a1", offer)).sections == ()
    assert await case.ingest.report("a1", scanned(section("disk", items=False))) is None
    assert (case.store.seq, case.reconciled) == (before, 1)


async def test_a_section_that_failed_once_is_not_wanted_again_when_it_is_the_same(case: Case) -> None:
    await case.ingest.report("a1", scanned(section("disk")))
    await case.ingest.report("a1", scanned(section("disk", "timeout", "other", items=False)))
    assert (await case.agent()).sections["disk"]["outcome"] == "timeout"
    offer = Offer(3, AT, (SectionOutcome("disk", "ok", digest="d1"),))
    assert (await case.ingest.want("a1", offer)).sections == ()


async def test_a_refused_report_leaves_nothing(case: Case) -> None:
    case.refusal = "a partial inventory of an unknown host"
    before = case.store.seq
    with pytest.raises(Refused, match="partial inventory"):
        await case.ingest.report("a1", scanned(section("disk")))
    assert case.store.seq == before


async def test_a_revoked_agent_is_refused(case: Case) -> None:
    revoked = msgspec.structs.replace(await case.agent(), state="revoked")
    await case.ledger.commit([Put(Kind.AGENT, revoked)], actor="mia", reason="revoked")
    with pytest.raises(Refused, match="revoked"):
        await case.ingest.arrive(HELLO, Origin())
    await case.ingest.silent("a1", None)
    assert (await case.agent()).state == "revoked"


async def test_a_name_from_an_agent_is_made_clean(case: Case) -> None:
    await case.ingest.arrive(msgspec.structs.replace(HELLO, name="\x1b[2Jweb\n1"), Origin())
    assert (await case.agent()).name == "[2Jweb 1"
