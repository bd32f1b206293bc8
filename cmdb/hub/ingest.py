"""What agents say, made into the record: presence, reports, results. Not the talking: that is `agent_session`.

Which CIs a report is about is the `Reconciler`'s to decide. What it decides, and what results make of checks, is
committed together with the agent's own record, so that a message is taken whole and once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from agent.discovery.clean import clean_text
from agent.discovery.sections import OBSERVATIONS
from agent.wire import CheckResult, Hello, Item, Offer, Results, Summary, Want
from cmdb.clock import Clock
from cmdb.hub.afresh import decided_afresh
from cmdb.hub.check_results import Step, after_result, after_summary
from cmdb.hub.intake import WITH_ITEMS, Scanned, ScannedSection, wanted
from cmdb.hub.ledger import Ledger
from cmdb.hub.live_agent import Origin
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Change, Put
from cmdb.model.check import CheckRecord
from cmdb.model.kind import Kind
from cmdb.store.protocol import Committed

TRIES = 5


class Reconciled(msgspec.Struct, frozen=True):
    """What a report changes. `host` is the CI that the agent lives on; `look_again_at` as of the agent's record.

    `refused` says why nothing of the report was taken; what `changes` then, is what is to be remembered about that.
    """

    changes: Sequence[Change]
    host: str | None = None
    look_again_at: datetime | None = None
    refused: str = ""


class Reconciler(Protocol):
    async def __call__(self, agent: AgentRecord, scanned: Scanned) -> Reconciled:
        """Decide what this scan changes; reads the store, writes nothing."""


class Observer(Protocol):
    """Takes what agents observe that is no item of the record."""

    def lacks(self, agent_id: str) -> Collection[str]:
        """The sections that it wants of this agent whatever the record says of their digest."""

    def observe(self, agent_id: str, items: Iterable[Item]) -> None:
        """One such section, whole."""


class Nobody:
    """Observes and keeps nothing."""

    def lacks(self, agent_id: str) -> Collection[str]:
        return ()

    def observe(self, agent_id: str, items: Iterable[Item]) -> None:
        return None

    async def take(self, agent_id: str, message: Results, steps: Sequence[Step]) -> None:
        return None


class Chronicle(Protocol):
    """Keeps what results were, beside what they made of the record."""

    async def take(self, agent_id: str, message: Results, steps: Sequence[Step]) -> None:
        """What one message said, before it is on record; told again, it is the same. Raises `StoreError`."""


class Refused(Exception):
    """The hub does not take it; the text says why and may be told to the agent."""


class Ingest:
    """The only one that writes agents' records while they talk."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        reconcile: Reconciler,
        observer: Observer | None = None,
        chronicle: Chronicle | None = None,
    ) -> None:
        self._ledger, self._clock = ledger, clock
        self._reconcile = reconcile
        self._observer = observer or Nobody()
        self._chronicle = chronicle or Nobody()

    async def arrive(self, hello: Hello, origin: Origin) -> AgentRecord:
        """Note that this agent is there. Raises `Refused` for one that was revoked."""
        name = clean_text(hello.name, 255) or hello.agent_id

        async def changes() -> Sequence[Change]:
            known = await self.record(hello.agent_id)
            if known is not None and known.state == "revoked":
                raise Refused("this agent was revoked: enrol it anew")
            now = self._clock.now()
            record = msgspec.structs.replace(
                known or AgentRecord(id=hello.agent_id, name=name),
                name=name,
                state="connected",
                agent_version=clean_text(hello.agent_version, 64),
                platform=clean_text(hello.platform, 128),
                transport=origin.transport,
                privileged=hello.privileged,
                connected_at=now,
                last_heard=now,
            )
            return [_put(record, known)]

        await self._commit(changes, f"agent {name}", "connected")
        record = await self.record(hello.agent_id)
        assert record is not None
        return record

    async def record(self, agent_id: str) -> AgentRecord | None:
        """The agent as it is written down."""
        document = await self._ledger.get(Kind.AGENT, agent_id)
        return None if document is None else msgspec.convert(document, AgentRecord)

    async def silent(self, agent_id: str, last_heard: datetime | None) -> None:
        """Note that a connected agent has not been heard for too long."""

        async def changes() -> Sequence[Change]:
            known = await self.record(agent_id)
            if known is None or known.state != "connected":
                return []
            heard = last_heard or known.last_heard
            return [_put(msgspec.structs.replace(known, state="silent", last_heard=heard), known)]

        await self._commit(changes, "hub", "not heard for too long")

    async def want(self, agent_id: str, offer: Offer) -> Want:
        """What the record lacks of this scan: a comparison of digests. Raises `Unfit`."""
        document = await self._ledger.get(Kind.AGENT, agent_id)
        sections = {} if document is None else document["sections"]
        lacking = self._observer.lacks(agent_id)
        digests = {name: section.get("digest", "") for name, section in sections.items() if name not in lacking}
        whole = [name for name in digests if sections[name].get("outcome") == "ok"]
        return wanted(offer, digests, whole)

    async def report(self, agent_id: str, scanned: Scanned) -> Committed | None:
        """Take a scan in; None when it changed nothing. Raises `Refused`."""
        refused = ""

        async def changes() -> Sequence[Change]:
            nonlocal refused
            known = await self.record(agent_id)
            assert known is not None
            if _is_old_news(known, scanned):
                return []
            decided = await self._reconcile(known, scanned)
            refused = decided.refused
            if refused:
                # Whatever is decided next time is decided on a whole report.
                return [*decided.changes, _put(msgspec.structs.replace(known, sections={}), known)]
            record = msgspec.structs.replace(
                known,
                host=decided.host or known.host,
                last_report=self._clock.now(),
                sections=_sections(known, scanned, decided.host),
                look_again_at=decided.look_again_at,
            )
            return [*decided.changes, _put(record, known)]

        committed = await self._commit(changes, f"agent {agent_id}", "report")
        if refused:
            raise Refused(refused)
        for section in scanned.sections:
            if section.outcome.name in OBSERVATIONS and section.items is not None:
                self._observer.observe(agent_id, section.items)
        return committed

    async def results(self, agent_id: str, message: Results) -> Sequence[Step]:
        """Take results in, once: the steps that they made, none when the record had them already."""
        steps: list[Step] = []

        async def changes() -> Sequence[Change]:
            steps.clear()
            known = await self.record(agent_id)
            assert known is not None
            if message.serial <= known.serial:
                return []
            steps.extend(await self._steps(agent_id, message))
            await self._chronicle.take(agent_id, message, steps)
            written = {step.after.id: step for step in steps}
            firsts = {step.after.id: step.before for step in reversed(steps)}
            checks = [Put(Kind.CHECK, step.after, firsts[id_].version) for id_, step in written.items()]
            return [*checks, _put(msgspec.structs.replace(known, serial=message.serial), known)]

        await self._commit(changes, f"agent {agent_id}", "results")
        return steps

    async def _steps(self, agent_id: str, message: Results) -> list[Step]:
        """What this message makes of the checks that are this agent's, in order of time; of others' nothing."""
        now = self._clock.now()
        records: dict[str, CheckRecord] = {}
        steps: list[Step] = []
        everything: list[CheckResult | Summary] = [*message.changes, *message.summaries]
        for said in sorted(everything, key=_told_at):
            id_ = said.check if isinstance(said, Summary) else said.result.check
            record = records.get(id_) or await self._check(id_)
            if record is None or record.agent != agent_id:
                continue
            step = after_summary(record, said, now) if isinstance(said, Summary) else after_result(record, said, now)
            if step is not None:
                records[id_] = step.after
                steps.append(step)
        return steps

    async def _check(self, id_: str) -> CheckRecord | None:
        document = await self._ledger.get(Kind.CHECK, id_)
        return None if document is None else msgspec.convert(document, CheckRecord)

    async def _commit(
        self, changes: Callable[[], Awaitable[Sequence[Change]]], actor: str, reason: str
    ) -> Committed | None:
        """Decide and write; decide anew when somebody else wrote in between."""

        async def written() -> Committed | None:
            return await self._ledger.commit(await changes(), actor=actor, reason=reason)

        return await decided_afresh(written, TRIES)


def _told_at(said: CheckResult | Summary) -> datetime:
    return said.end if isinstance(said, Summary) else said.result.at


def _put(record: AgentRecord, known: AgentRecord | None) -> Put:
    return Put(Kind.AGENT, record, 0 if known is None else known.version)


def _is_old_news(known: AgentRecord, scanned: Scanned) -> bool:
    """Nothing was wanted, every section went as it did before, and nothing that is missing is to be looked at again."""
    if known.look_again_at is not None and scanned.at >= known.look_again_at:
        return False
    return all(
        section.items is None and known.sections.get(section.outcome.name, {}).get("outcome") == section.outcome.outcome
        for section in scanned.sections
    )


def _sections(known: AgentRecord, scanned: Scanned, host: str | None) -> dict[str, dict[str, object]]:
    """Each section's outcome; one that gave nothing this time keeps the digest of what is on record.

    For another host than before, only what came whole with this report is on record.
    """
    moved = known.host is not None and host not in {None, known.host}
    taken = [section for section in scanned.sections if section.is_whole or not moved]
    return {section.outcome.name: _section(known, section) for section in taken}


def _section(known: AgentRecord, section: ScannedSection) -> dict[str, object]:
    outcome = section.outcome
    before = known.sections.get(outcome.name, {})
    return {
        "outcome": outcome.outcome,
        "duration_s": outcome.duration_s,
        "detail": outcome.detail,
        "items": outcome.items if outcome.outcome in WITH_ITEMS else before.get("items", 0),
        "digest": outcome.digest if outcome.outcome in WITH_ITEMS else before.get("digest", ""),
    }
