"""What is on record of a host, as far as a report can change it. Only read here: `cmdb.reconcile` decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from agent.discovery.sections import OBSERVATIONS
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.model.relation import Relation
from cmdb.reconcile import Name, OnRecord, Seen, child_id
from cmdb.store.protocol import Store


async def everything(store: Store, host_id: str, report: Sequence[Seen], moved_from: str | None = None) -> OnRecord:
    """The host with all that is on it, and the operating system that came on another's disk.

    Relations are those of what the report lists, and of what is missing and may now be retired.
    """
    items = await store.read(Kind.CI, ConfigurationItem, "host", [host_id])
    if not any(item.id == host_id for item in items):  # a virtual machine, so far on its hypervisor
        items += await store.read(Kind.CI, ConfigurationItem, "id", [host_id])
    if moved_from is not None:
        moved = await store.read(Kind.CI, ConfigurationItem, "host", [moved_from])
        items += [item for item in moved if item.class_ == "os"]
    return await _with_relations(store, host_id, items, _listed(report))


async def what_differs(store: Store, host_id: str, report: Sequence[Seen]) -> OnRecord | None:
    """Only what the report's differences are about; None where more has to be looked at to be sure.

    So it is where a section came whole; where the host itself changed, which rules for checks of all that is on it may
    ask about; and where something is new: it may be on record under another id than is made from its name, after a
    merge or on a disk that moved.
    """
    listed = _listed(report)
    came_whole = any(seen.is_whole and seen.outcome.name not in OBSERVATIONS for seen in report)
    if came_whole or ("host", "host") in listed:
        return None
    named = listed | {name for seen in report for name in seen.gone or ()}
    targets = {(class_, key) for seen in report for item in seen.items or () for _, class_, key in item.relations}
    ids = {child_id(host_id, *name) for name in named | targets if name[0] != "host"}
    missing = await store.find(Kind.CI, {"host": host_id, "status": "missing"})
    ids |= {host_id, *(document["id"] for document in missing)}
    found = await store.read(Kind.CI, ConfigurationItem, "id", ids)
    items = [item for item in found if item.host == host_id]
    if not named <= {(item.class_, item.key) for item in items}:
        return None
    record = await _with_relations(store, host_id, items, listed)
    pointed_at = {relation.target for relation in record.relations} - {item.id for item in items}
    others = await store.read(Kind.CI, ConfigurationItem, "id", pointed_at)
    return OnRecord(
        record.host, [*record.children, *(item for item in others if item.host == host_id)], record.relations
    )


async def _with_relations(
    store: Store, host_id: str, items: Iterable[ConfigurationItem], listed: Set[Name]
) -> OnRecord:
    host = next((item for item in items if item.id == host_id), None)
    sources = {item.id for item in items if (item.class_, item.key) in listed or item.status == "missing"}
    relations = await store.read(Kind.RELATION, Relation, "source", sources)
    return OnRecord(host, [item for item in items if item is not host], relations)


def _listed(report: Iterable[Seen]) -> Set[Name]:
    return {
        (item.class_, item.key) for seen in report if seen.outcome.name not in OBSERVATIONS for item in seen.items or ()
    }
