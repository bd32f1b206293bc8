"""A record of hosts in memory, that takes reports as the hub does: identify, reconcile, apply. No store, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from agent.wire import Item, SectionOutcome
from cmdb.difference import differences
from cmdb.identity.decide import CONTAINERS, Candidate, Identified, Observation, Outcome, identify
from cmdb.identity.index import KeyIndex
from cmdb.identity.keys import comparable
from cmdb.identity.rules import IdentityPolicy
from cmdb.model.change import Put
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind, Record
from cmdb.reconcile import OnRecord, Seen, reconcile

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Report:
    """A host as it reports: its keys (`name` among them), and after how long since the report before."""

    keys: dict[str, Any]
    after: timedelta = MINUTE
    attributes: dict[str, Any] = field(default_factory=dict)
    items: tuple[Item, ...] = ()
    sections: tuple[str, ...] = ()  # sections that are ok without a single item
    whole: bool = True
    source: str = ""

    def but(self, **keys: Any) -> Report:
        """The same with other keys; None takes one away."""
        merged = {**self.keys, **keys}
        return replace(self, keys={name: value for name, value in merged.items() if value is not None})

    def later(self, after: timedelta) -> Report:
        return replace(self, after=after)


class Register:
    def __init__(self, policy: IdentityPolicy | None = None) -> None:
        self.policy = policy or IdentityPolicy()
        self.now = START
        self.records: dict[str, ConfigurationItem] = {}
        self.relations: dict[str, Any] = {}
        self.rows = 0  # history rows that the last report made
        self.last_host = ""  # the host that it was of
        self._index = KeyIndex()
        self._reported: dict[str, datetime] = {}
        self._born = 0

    def take(self, report: Report) -> Identified:
        """One report, some time after the one before."""
        self.now += report.after
        in_container = report.attributes.get("virtualisation") in CONTAINERS
        keys = comparable(report.keys, in_container=in_container)
        candidates = [Candidate(self.records[id_], self._reported.get(id_)) for id_ in self._index.find(keys)]
        observation = Observation(report.keys, in_container, report.whole)
        found = identify(observation, candidates, self.now, self.policy)
        self.rows = 0
        if found.outcome in {Outcome.SAME, Outcome.NEW}:
            self._reconcile(found, report)
        return found

    @property
    def hosts(self) -> list[ConfigurationItem]:
        return [ci for ci in self.records.values() if ci.class_ == "host"]

    def host(self, found: Identified) -> ConfigurationItem:
        assert found.ci is not None
        return self.records[found.ci.id]

    def put(self, *cis: ConfigurationItem) -> None:
        for ci in cis:
            self.records[ci.id] = ci
            self._index.put(ci)

    def delete(self, id_: str) -> None:
        del self.records[id_]
        self._index.remove(id_)

    def _reconcile(self, found: Identified, report: Report) -> None:
        if found.ci is None:
            self._born += 1
        host_id = found.ci.id if found.ci else f"host-{self._born}"
        self.last_host = host_id
        host = Item("host", "host", str(report.keys.get("name", "")), report.attributes, keys=report.keys)
        by_section: dict[str, list[Item]] = {"host": [host], **{name: [] for name in report.sections}}
        for item in report.items:
            by_section.setdefault(item.class_, []).append(item)
        seen = [Seen(SectionOutcome(name, "ok"), items) for name, items in by_section.items()]
        children = [ci for ci in self.records.values() if ci.host == host_id and ci.id != host_id]
        on_record = OnRecord(self.records.get(host_id), children, list(self.relations.values()))
        for change in reconcile(host_id, on_record, seen, source=report.source or "agent", at=self.now):
            if isinstance(change, Put):
                self._write(change.kind, change.record)
        self._reported[host_id] = self.now

    def _write(self, kind: Kind, record: Record) -> None:
        known: dict[str, Any] = self.records if kind is Kind.CI else self.relations
        before = known.get(record.id)
        after = msgspec.structs.replace(record, version=record.version + 1)
        self.rows += len(differences(kind, record.id, before and before.body(), after.body()))
        known[record.id] = after
        if isinstance(after, ConfigurationItem):
            self._index.put(after)
