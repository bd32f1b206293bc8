"""Virtual machines that a hypervisor lists and that report themselves too: one CI, two sources, and where it runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from cmdb.hub.recognition import Recognition
from cmdb.model.change import Change, Put, Remove
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.model.relation import Relation, relation_id
from cmdb.reconcile import Seen
from cmdb.store.protocol import Document, Store

CLASS = "virtual_machine"
EVIDENCE = "hypervisor"


async def guests(
    store: Store, recognition: Recognition, hypervisor: str, report: Sequence[Seen], at: datetime
) -> tuple[list[Seen], list[Change]]:
    """The report without those that are hosts on record, and what it says about these."""
    if not any(seen.outcome.name == CLASS and seen.items is not None for seen in report):
        return list(report), []
    known = {relation["source"]: relation for relation in await _running_here(store, hypervisor)}
    rest: list[Seen] = []
    changes: list[Change] = []
    for seen in report:
        if seen.outcome.name != CLASS or seen.items is None:
            rest.append(seen)
            continue
        hosts = [await recognition.guest(item.keys) for item in seen.items]
        rest.append(Seen(seen.outcome, [item for item, host in zip(seen.items, hosts, strict=True) if host is None]))
        found = {host.id: host for host in hosts if host is not None}
        for id_, host in found.items():
            changes += _seen_here(host, hypervisor, known=id_ in known, at=at)
        if seen.is_whole:
            gone = sorted(known.keys() - found.keys())
            changes += [Remove(Kind.RELATION, known[id_]["id"], known[id_]["version"]) for id_ in gone]
    return rest, changes


async def _running_here(store: Store, hypervisor: str) -> list[Document]:
    found = await store.find(Kind.RELATION, {"target": hypervisor, "type": "runs_on"})
    return [relation for relation in found if relation["evidence"].get("source") == EVIDENCE]


def _seen_here(guest: ConfigurationItem, hypervisor: str, *, known: bool, at: datetime) -> list[Change]:
    """Where it runs, and that there is a second source. Not at each report: both are said once."""
    changes: list[Change] = []
    source = f"{EVIDENCE} {hypervisor}"
    if source not in guest.sources:
        changes.append(
            Put(Kind.CI, msgspec.structs.replace(guest, sources={**guest.sources, source: at}), guest.version)
        )
    if not known:
        relation = Relation(
            id=relation_id(guest.id, "runs_on", hypervisor),
            source=guest.id,
            type="runs_on",
            target=hypervisor,
            first_seen=at,
            last_seen=at,
            evidence={"source": EVIDENCE},
        )
        changes.append(Put(Kind.RELATION, relation, 0))
    return changes
