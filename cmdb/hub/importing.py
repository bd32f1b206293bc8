"""Inventories of other tools into the record: by the same identity rules as an agent's report, a lesser source than it.

An import adds and changes; what it lists no more goes missing only where nobody else has seen it. Where an agent
reports the item, the agent's name, keys and metrics stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from agent.wire import Item, SectionOutcome
from cmdb.clock import Clock
from cmdb.difference import differences
from cmdb.exchange.imported import ImportedHost
from cmdb.hub.afresh import decided_afresh
from cmdb.hub.ledger import Ledger
from cmdb.hub.on_record import everything
from cmdb.hub.recognition import Recognition
from cmdb.hub.rows import Row
from cmdb.identity.decide import CONTAINERS, Identified, Outcome
from cmdb.identity.records import decision_of, review_of
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Change, Put, Remove
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.precedence import AGENT, drift
from cmdb.reconcile import OnRecord, Policy, Seen, longer_missing, reconcile

TRIES = 5
MOST_ROWS = 10_000  # of what an import would change, in its answer


class Importing:
    """`take` one host of a file after the other."""

    def __init__(self, ledger: Ledger, clock: Clock, recognition: Recognition, new_host_id: Callable[[], str]) -> None:
        self._ledger, self._clock, self._recognition = ledger, clock, recognition
        self._new_host_id = new_host_id

    async def take(self, found: ImportedHost, format_: str, *, actor: str, dry_run: bool) -> Row:
        """What became, or with `dry_run` would become, of this host."""
        source = f"import {format_}"
        # Each host of a file is a reporter of its own: nothing follows from one for the next.
        reporter = AgentRecord(id=f"{source}:{found.name}", name=found.name)
        is_container = found.host.attributes.get("virtualisation") in CONTAINERS

        async def taken() -> Row:
            async with self._recognition.deciding():
                identified = await self._recognition.identify(reporter, found.host.keys, in_container=is_container)
                changes = await self._changes(found, identified, source)
                row = await self._row(found, identified, changes)
                if not dry_run and changes:
                    await self._ledger.commit(changes, actor=actor, reason=source)
                    self._remember(reporter, identified, changes)
            return {**row, "written": not dry_run}

        return await decided_afresh(taken, TRIES)  # the host's own agent may report in between

    def _remember(self, reporter: AgentRecord, identified: Identified, changes: Sequence[Change]) -> None:
        if identified.outcome is Outcome.NEW:
            born = next(one for one in _items(changes) if one.class_ == "host")
            self._recognition.decided(reporter, born)

    async def _changes(self, found: ImportedHost, identified: Identified, source: str) -> list[Change]:
        """The decision, and the host and its items as the file has them; a question changes nothing else."""
        now = self._clock.now()
        known = identified.ci
        host_id = known.id if known is not None else self._new_host_id()
        settled = identified.outcome in (Outcome.SAME, Outcome.NEW)
        decision = decision_of(identified, ci=host_id if settled else None, name=found.name, source=source, at=now)
        changes: list[Change] = []
        if await self._ledger.get(Kind.DECISION, decision.id) is None:
            changes.append(Put(Kind.DECISION, decision, 0))
        if identified.outcome is Outcome.REVIEW:
            review = review_of(identified, found.host.keys, decision, name=found.name, source=source, at=now)
            before = await self._ledger.get(Kind.REVIEW, review.id)
            if before is None:
                changes.append(Put(Kind.REVIEW, review, 0))
        if not settled:
            return changes
        record = await everything(self._ledger.store, host_id, [Seen(SectionOutcome(source, "ok"), found.items)])
        known_items = {(child.class_, child.key): child for child in record.children}
        if record.host is not None:
            known_items["host", "host"] = record.host
        items = [_deferring(item, known_items.get((item.class_, item.key))) for item in (found.host, *found.items)]
        report = [Seen(_outcome(record, found, source), items)]
        changes += reconcile(host_id, record, report, source=source, at=now, heard=await self._heard(host_id))
        return [*changes, *_gone(record, found, source, now)]

    async def _heard(self, host_id: str) -> Mapping[str, datetime]:
        """When an agent of this host last spoke, so that what it said is known to be stale or not."""
        agents = await self._ledger.store.read(Kind.AGENT, AgentRecord, "host", [host_id])
        if any(agent.state == "connected" for agent in agents):
            return {AGENT: self._clock.now()}
        moments = [moment for agent in agents for moment in (agent.last_heard, agent.last_report) if moment]
        return {AGENT: max(moments)} if moments else {}

    async def _row(self, found: ImportedHost, identified: Identified, changes: Sequence[Change]) -> Row:
        rows: list[Row] = []
        created = removed = 0
        for change in changes:
            if change.kind not in (Kind.CI, Kind.RELATION):
                continue
            id_ = change.id if isinstance(change, Remove) else change.record.id
            before = await self._ledger.get(change.kind, id_)
            body = None if isinstance(change, Remove) else change.record.body()
            created += before is None
            removed += body is None
            if change.kind is Kind.CI:
                rows += _history(before, body)
        return {
            "name": found.name,
            "ci": identified.ci.id if identified.ci else None,
            "outcome": identified.outcome.value,
            "rule": identified.rule,
            "items": len(found.items) + 1,
            "created": created,
            "removed": removed,
            "changes": rows[:MOST_ROWS],
            "left_off": max(0, len(rows) - MOST_ROWS),
            "drift": await self._drift(found, identified.ci, changes),
        }

    async def _drift(
        self, found: ImportedHost, host: ConfigurationItem | None, changes: Sequence[Change]
    ) -> Sequence[Row]:
        """Where a person set a value of what the file lists, and it is seen otherwise."""
        if host is None:
            return []
        on_record = await self._ledger.store.read(Kind.CI, ConfigurationItem, "host", [host.id])
        items = {item.id: item for item in [*on_record, *_items(changes)]}
        listed = {(item.class_, item.key) for item in (found.host, *found.items)}
        return [
            {"class": item.class_, "name": item.name, **msgspec.structs.asdict(one)}
            for item in items.values()
            if (item.class_, item.key) in listed
            for one in drift(item)
        ]


def _items(changes: Sequence[Change]) -> Iterator[ConfigurationItem]:
    for change in changes:
        if isinstance(change, Put) and isinstance(change.record, ConfigurationItem):
            yield change.record


def _history(before: Any, after: Any) -> Iterator[Row]:
    document = after or before
    for row in differences(Kind.CI, document["id"], before, after):
        yield {
            "class": document["class"],
            "name": document["name"],
            "attribute": row.attribute,
            "before": row.before,
            "after": row.after,
        }


def _outcome(record: OnRecord, found: ImportedHost, source: str) -> SectionOutcome:
    """A file says all about what only it knows, if it does not say otherwise; beside an agent it says a part."""
    has_agent = record.host is not None and AGENT in record.host.sources
    return SectionOutcome(source, "partial" if has_agent or found.is_partial else "ok")


def _deferring(item: Item, known: ConfigurationItem | None) -> Item:
    """The item without what its agent says better."""
    if known is None or AGENT not in known.sources:
        return item
    keys = {name: value for name, value in item.keys.items() if name not in known.keys}
    return msgspec.structs.replace(item, name=known.name, keys=keys, metrics={})


def _gone(record: OnRecord, found: ImportedHost, source: str, at: datetime) -> Iterator[Change]:
    """What this file listed before, nobody else has seen, and it lists no more: missing, later retired."""
    listed = {(item.class_, item.key) for item in found.items}
    retired = set()
    for child in record.children:
        is_own = child.class_ in found.covers and set(child.sources) == {source}
        if not is_own or child.status == "retired" or (child.class_, child.key) in listed:
            continue
        after = longer_missing(child, at, Policy())
        if after != child:
            yield Put(Kind.CI, after, child.version)
        if after.status == "retired":
            retired.add(child.id)
    for relation in record.relations:
        if relation.source in retired and relation.evidence.get("source") == source:
            yield Remove(Kind.RELATION, relation.id, relation.version)
