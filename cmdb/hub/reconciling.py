"""An agent's report against the store: what is on record is read, the rules decide, nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from cmdb.check_plan import plan
from cmdb.clock import Clock
from cmdb.config import CheckSection
from cmdb.hub.ingest import Reconciled
from cmdb.hub.intake import Scanned
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Change, Put
from cmdb.model.check import CheckRecord
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.model.relation import Relation
from cmdb.reconcile import OnRecord, Seen, reconcile
from cmdb.store.protocol import Document, Store

R = TypeVar("R")


class Reconciling:
    """The `Reconciler` of `cmdb.hub.ingest`: CIs, their relations and the checks that they are to have."""

    def __init__(self, store: Store, clock: Clock, tuning: CheckSection, new_host_id: Callable[[], str]) -> None:
        self._store, self._clock, self._tuning, self._new_host_id = store, clock, tuning, new_host_id

    async def __call__(self, agent: AgentRecord, scanned: Scanned) -> Reconciled:
        report = [Seen(section.outcome, section.items) for section in scanned.sections]
        if agent.host is None and not any(item.class_ == "host" for seen in report for item in seen.items or ()):
            return Reconciled((), refused="a report of an unknown host without its host section")
        host_id = agent.host or self._new_host_id()
        record = await self._on_record(host_id) if agent.host else OnRecord()
        changes = reconcile(host_id, record, report, source="agent", at=scanned.at)
        return Reconciled([*changes, *await self._checks(host_id, record, changes, agent.id)], host_id)

    async def _on_record(self, host_id: str) -> OnRecord:
        items = _read(ConfigurationItem, await self._store.find(Kind.CI, {"host": host_id}))
        ids = {item.id for item in items}
        relations = [
            relation
            for id_ in ids
            for relation in _read(Relation, await self._store.find(Kind.RELATION, {"source": id_}))
        ]
        host = next((item for item in items if item.id == host_id), None)
        return OnRecord(host, [item for item in items if item is not host], relations)

    async def _checks(
        self, host_id: str, record: OnRecord, changes: Sequence[Change], agent_id: str
    ) -> Iterable[Change]:
        """Of everything on the host as it will be: a restart with other settings tunes what is there, too."""
        items: Mapping[str, ConfigurationItem] = {item.id: item for item in record.children} | {
            change.record.id: change.record
            for change in changes
            if isinstance(change, Put) and isinstance(change.record, ConfigurationItem)
        }
        if record.host is not None:
            items = {host_id: record.host, **items}
        checks = [
            check for id_ in items for check in _read(CheckRecord, await self._store.find(Kind.CHECK, {"ci": id_}))
        ]
        return plan(items.values(), checks, agent_id, self._tuning, self._clock.now())


def _read(type_: type[R], documents: Iterable[Document]) -> list[R]:
    return [msgspec.convert(document, type_) for document in documents]
