"""Edges into relations: what is new is written at once, what lasts once an hour, what is seen no more fades away.

Each edge is two relations: `connects_to` is what was seen, `depends_on` what it means for impact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import msgspec

from cmdb.dependencies.edges import Edge, External
from cmdb.dependencies.evidence import FORGOTTEN_BELOW, OBSERVED, SAMPLE_EVERY, confidence
from cmdb.model.change import Change, Put, Remove
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.model.relation import Relation, relation_id
from cmdb.practices.redundancy import DECLARED, group_of

TYPES = ("connects_to", "depends_on")


def changes(
    edges: Iterable[Edge],
    on_record: Iterable[Relation],
    externals: Mapping[str, ConfigurationItem],
    host: str,
    at: datetime,
) -> list[Change]:
    """What makes the record of this observing host's relations say these edges. `externals` are those known, by id."""
    wanted = {relation_id(edge.source, type_, edge.target): (edge, type_) for edge in edges for type_ in TYPES}
    answered = {(edge.source, edge.via) for edge, _ in wanted.values()}
    known = {relation.id: relation for relation in on_record if _is_ours(relation, host)}
    declared = {relation.id for relation in on_record if relation.evidence.get("source") == DECLARED}
    written: list[Change] = list(_externals((edge.external for edge, _ in wanted.values()), externals, at))
    for id_, (edge, type_) in wanted.items():
        if id_ in declared:
            continue  # a person said so already, and said more
        after = _seen(known.get(id_), id_, edge, type_, host, at)
        if after is not None:
            written.append(Put(Kind.RELATION, after, known[id_].version if id_ in known else None))
    written += [
        Remove(Kind.RELATION, id_, relation.version)
        for id_, relation in known.items()
        if id_ not in wanted and (_is_answered(relation, answered) or is_forgotten(relation, at))
        if group_of(relation) is None
    ]
    return written


def _is_answered(relation: Relation, answered: set[tuple[str, str]]) -> bool:
    """Whether the same connection is now known to lead elsewhere: an agent moved in, a port changed hands."""
    return (relation.source, str(relation.evidence.get("via", ""))) in answered


def _is_ours(relation: Relation, host: str) -> bool:
    return relation.evidence.get("source") == OBSERVED and relation.evidence.get("observer") == host


def is_forgotten(relation: Relation, at: datetime) -> bool:
    """Whether so much time has gone since it was last seen that it says nothing any more."""
    return confidence(int(relation.evidence.get("samples", 1)), relation.last_seen, at) < FORGOTTEN_BELOW


def _seen(before: Relation | None, id_: str, edge: Edge, type_: str, host: str, at: datetime) -> Relation | None:
    """The relation with one more sample; None where it is too soon for one."""
    if before is None:
        evidence = {"source": OBSERVED, "observer": host, "via": edge.via, "samples": 1, "confidence": 0.5}
        return Relation(
            id=id_, source=edge.source, type=type_, target=edge.target, first_seen=at, last_seen=at, evidence=evidence
        )
    if at - before.last_seen < SAMPLE_EVERY:
        return None
    samples = int(before.evidence.get("samples", 0)) + 1
    evidence = {
        **before.evidence,
        "via": edge.via,
        "samples": samples,
        "confidence": round(confidence(samples, at, at), 3),
    }
    return msgspec.structs.replace(before, last_seen=at, evidence=evidence)


def _externals(
    found: Iterable[External | None], known: Mapping[str, ConfigurationItem], at: datetime
) -> Iterator[Change]:
    for external in {one.id: one for one in found if one is not None}.values():
        before = known.get(external.id)
        if before is None:
            yield Put(Kind.CI, _external(external, at))
        elif before.status != "in_use":
            yield Put(Kind.CI, msgspec.structs.replace(before, status="in_use", last_seen=at), before.version)


def _external(external: External, at: datetime) -> ConfigurationItem:
    attributes = {"address": external.address, **({"port": external.port} if external.port else {})}
    return ConfigurationItem(
        id=external.id,
        class_="external",
        name=external.name,
        key=external.name,
        attributes=attributes,
        sources={OBSERVED: at},
        first_seen=at,
        last_seen=at,
    )


def unused(externals: Iterable[ConfigurationItem], used: frozenset[str]) -> list[Change]:
    """Retires the externals that no relation leads to: an agent lives there now, or nobody talks with them."""
    return [
        Put(Kind.CI, msgspec.structs.replace(external, status="retired"), external.version)
        for external in externals
        if external.id not in used and external.status == "in_use"
    ]
