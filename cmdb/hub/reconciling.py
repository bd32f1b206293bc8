"""An agent's report against the store: what is on record is read, the rules decide, nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from agent.wire import Item
from cmdb.check_plan import plan
from cmdb.check_runner import runner_of
from cmdb.clock import Clock
from cmdb.config import CheckSection
from cmdb.hub.guests import guests
from cmdb.hub.ingest import Reconciled
from cmdb.hub.intake import Scanned
from cmdb.hub.on_record import everything, what_differs
from cmdb.hub.recognition import Recognition
from cmdb.identity.decide import CONTAINERS, Identified, Outcome
from cmdb.identity.records import decision_of, review_of
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Change, Put
from cmdb.model.check import CheckRecord
from cmdb.model.ci import ConfigurationItem
from cmdb.model.decision import Decision, Review
from cmdb.model.kind import Kind
from cmdb.model.relation import Relation, relation_id
from cmdb.reconcile import OnRecord, Policy, Seen, look_again_at, reconcile
from cmdb.rules_file import NO_RULES, CheckRules
from cmdb.store.protocol import Store

SOURCE = "agent"
UNKNOWN_HOST = "a report of an unknown host without its host section"


class _Answer(NamedTuple):
    """Which host it is; `changes` are what is to be remembered about the decision."""

    host_id: str = ""
    changes: Sequence[Change] = ()
    moved_from: str | None = None
    refused: str = ""


class Reconciling:
    """The `Reconciler` of `cmdb.hub.ingest`: CIs, their relations and the checks that they are to have."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        tuning: CheckSection,
        recognition: Recognition,
        rules: Callable[[], CheckRules] = lambda: NO_RULES,
    ) -> None:
        self._store, self._clock, self._tuning, self._rules = store, clock, tuning, rules
        self._recognition, self._policy = recognition, Policy()
        self.hubs_agent: Callable[[], str | None] = lambda: None  # set by who knows it
        self._planned: dict[str, str] = {}  # hosts whose checks are all as they should be → the agent that runs them

    async def __call__(self, agent: AgentRecord, scanned: Scanned) -> Reconciled:
        report = [
            Seen(section.outcome, section.items, None if section.gone is None else frozenset(section.gone))
            for section in scanned.sections
        ]
        host = with_all_keys(report, agent.id)
        answer = await self._answer(agent, host)
        if answer.refused:
            return Reconciled(answer.changes, refused=answer.refused)
        runner = await self._runner(answer.host_id, agent)
        record = await self._on_record(agent, answer, report, runner)
        report, seen_guests = await guests(self._store, self._recognition, answer.host_id, report, scanned.at)
        changes = reconcile(
            answer.host_id, record, _replaced(report, host, runner), source=SOURCE, at=scanned.at, policy=self._policy
        )
        items = _as_will_be(record, changes)
        checks = await self._checks_after(agent, runner, answer.host_id, items, changes)
        return Reconciled(
            [
                *answer.changes,
                *changes,
                *seen_guests,
                *await self._home(answer.host_id, host, scanned),
                *checks,
            ],
            answer.host_id,
            look_again_at=look_again_at(items.values(), self._policy),
        )

    async def checks_anew(self, host_id: str) -> Sequence[Change]:
        """What the checks of a host on record lack or have too much, by the rules and agents as they are now."""
        runner = runner_of(await self._store.read(Kind.AGENT, AgentRecord, "host", [host_id]))
        if runner is None:
            return []
        items = _as_will_be(await everything(self._store, host_id, ()), ())
        return await self._checks(items, items, runner)

    async def _runner(self, host_id: str, reporter: AgentRecord) -> str:
        """The agent that runs the host's checks: the one that reports, or another that lives there too."""
        agents = await self._store.read(Kind.AGENT, AgentRecord, "host", [host_id])
        others = (agent for agent in agents if agent.id != reporter.id)
        return runner_of([reporter, *others]) or reporter.id

    async def _answer(self, agent: AgentRecord, host: Item | None) -> _Answer:
        if host is None:
            known = agent.host and await self._store.get(Kind.CI, agent.host)
            return _Answer(agent.host or "") if known else _Answer(refused=UNKNOWN_HOST)
        async with self._recognition.deciding():
            found = await self._recognition.identify(agent, host.keys, in_container=_is_container(host))
            host_id = found.ci.id if found.ci else self._recognition.new_host_id()
            decision = decision_of(
                found,
                ci=None if found.outcome is Outcome.REVIEW else host_id,
                name=host.name,
                source=agent.id,
                at=self._clock.now(),
            )
            if found.outcome is Outcome.REVIEW:
                return await self._question(agent, host, found, decision)
            self._recognition.decided(agent, found.ci or self._born(host_id, host))
        return _Answer(host_id, await self._unless_known(decision), found.moved_from)

    async def _question(self, agent: AgentRecord, host: Item, found: Identified, decision: Decision) -> _Answer:
        review = review_of(found, host.keys, decision, name=host.name, source=agent.id, at=self._clock.now())
        document = await self._store.get(Kind.REVIEW, review.id)
        known = None if document is None else msgspec.convert(document, Review)
        changes = list(await self._unless_known(decision))
        if known is None or known.state != "open":
            changes.append(Put(Kind.REVIEW, review, known.version if known else 0))
        return _Answer(changes=changes, refused=f"{review.question} See `watchdeck ci review`.")

    async def _unless_known(self, decision: Decision) -> Sequence[Change]:
        known = await self._store.get(Kind.DECISION, decision.id)
        return [Put(Kind.DECISION, decision, 0)] if known is None else []

    def _born(self, id_: str, host: Item) -> ConfigurationItem:
        """What a new host will be, as far as the next report may be of it."""
        now = self._clock.now()
        return ConfigurationItem(
            id=id_,
            class_="host",
            name=host.name,
            host=id_,
            attributes=host.attributes,
            keys=host.keys,
            first_seen=now,
            last_seen=now,
        )

    async def _on_record(self, agent: AgentRecord, answer: _Answer, report: Sequence[Seen], runner: str) -> OnRecord:
        """All that is on the host; where its checks are planned and it stays where it was, only what differs."""
        if self._planned.get(answer.host_id) == runner and answer.moved_from is None and agent.sections:
            record = await what_differs(self._store, answer.host_id, report)
            if record is not None:
                return record
        return await everything(self._store, answer.host_id, report, answer.moved_from)

    async def _home(self, host_id: str, host: Item | None, scanned: Scanned) -> Sequence[Change]:
        """A container with an agent of its own runs on the host whose hardware it reads."""
        if host is None or not _is_container(host):
            return []
        home = await self._recognition.home(host.keys)
        if home is None or home.id == host_id:
            return []
        id_ = relation_id(host_id, "runs_on", home.id)
        if await self._store.get(Kind.RELATION, id_) is not None:
            return []
        found = Relation(
            id=id_,
            source=host_id,
            type="runs_on",
            target=home.id,
            first_seen=scanned.at,
            last_seen=scanned.at,
            evidence={"source": "identity"},
        )
        return [Put(Kind.RELATION, found, 0)]

    async def _checks_after(
        self,
        agent: AgentRecord,
        runner: str,
        host_id: str,
        items: Mapping[str, ConfigurationItem],
        changes: Sequence[Change],
    ) -> Sequence[Change]:
        """Of what changed; of everything where the host did, it was not so since the start, or the report is whole."""
        changed = {change.record.id for change in changes if isinstance(change, Put)}
        whole = not agent.sections or self._planned.get(host_id) != runner or host_id in changed
        planned = await self._checks(items if whole else sorted(items.keys() & changed), items, runner)
        if whole and not planned:
            self._planned[host_id] = runner
        return planned

    async def _checks(
        self, ids: Collection[str], items: Mapping[str, ConfigurationItem], agent_id: str
    ) -> Sequence[Change]:
        """Of these items; the others are what rules may ask about besides."""
        checks = await self._store.read(Kind.CHECK, CheckRecord, "ci", ids)
        return list(
            plan(
                [items[id_] for id_ in ids],
                checks,
                agent_id,
                self._tuning,
                self._clock.now(),
                self._rules(),
                items.get,
                hubs_agent=self.hubs_agent(),
            )
        )


def with_all_keys(report: Sequence[Seen], agent_id: str) -> Item | None:
    """The host's item with the keys that others know: its agent's, and its cloud's name for it."""
    items = {
        item.class_: item for seen in report for item in seen.items or () if item.class_ in {"host", "cloud_instance"}
    }
    if "host" not in items:
        return None
    cloud = items["cloud_instance"].keys if "cloud_instance" in items else {}
    return msgspec.structs.replace(items["host"], keys={**items["host"].keys, **cloud, "agent_key": agent_id})


def _replaced(report: Sequence[Seen], host: Item | None, runner: str) -> list[Seen]:
    """The report with the host as it is to be kept: of several agents' keys that of the one that runs its checks."""
    if host is None:
        return list(report)
    host = msgspec.structs.replace(host, keys={**host.keys, "agent_key": runner})
    return [
        Seen(seen.outcome, seen.items and [host if item.class_ == "host" else item for item in seen.items], seen.gone)
        for seen in report
    ]


def _is_container(host: Item) -> bool:
    return "container" in host.keys or host.attributes.get("virtualisation") in CONTAINERS


def _as_will_be(record: OnRecord, changes: Iterable[Change]) -> dict[str, ConfigurationItem]:
    """The host and everything on it, once these changes are made."""
    items = {item.id: item for item in [*([record.host] if record.host else []), *record.children]}
    for change in changes:
        if isinstance(change, Put) and isinstance(change.record, ConfigurationItem):
            items[change.record.id] = change.record
    return items
