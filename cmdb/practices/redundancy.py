"""Redundancy groups: of several items that something depends on, how many must be well. Kept on the relations.

A group is a `depends_on` relation to each member whose evidence names it (`group`) and says how many are `needed`. How
it holds trouble up is the graph's (`cmdb.graph`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from cmdb.model.change import Change, Put, Remove
from cmdb.model.kind import Kind
from cmdb.model.relation import Relation, relation_id

DECLARED = "person"  # the source of a relation that somebody said, and that nobody observed
_OF_GROUP = ("group", "needed")


class Redundancy(NamedTuple):
    """Of these members, `needed` must be well for what depends on them to be."""

    dependant: str
    name: str
    needed: int
    members: tuple[str, ...]


def groups(relations: Iterable[Relation]) -> list[Redundancy]:
    """All groups that these relations say, by dependant and name."""
    members: dict[tuple[str, str], dict[str, int]] = {}
    for relation in relations:
        if (name := group_of(relation)) is not None:
            members.setdefault((relation.source, name), {})[relation.target] = needed_of(relation.evidence)
    return [
        Redundancy(dependant, name, max(needs.values()), tuple(sorted(needs)))
        for (dependant, name), needs in sorted(members.items())
    ]


def group_of(relation: Relation) -> str | None:
    """The group that this relation is in."""
    name = relation.evidence.get("group")
    return str(name) if name and relation.type == "depends_on" else None


def needed_of(evidence: Mapping[str, Any]) -> int:
    needed = evidence.get("needed", 1)
    return needed if isinstance(needed, int) else 1


def joined(group: Redundancy, on_record: Mapping[str, Relation], at: datetime) -> list[Change]:
    """What puts these members into the group. A relation that was observed stays so, and is in the group besides."""
    changes: list[Change] = []
    for member in group.members:
        id_ = relation_id(group.dependant, "depends_on", member)
        before = on_record.get(id_)
        known = before or Relation(
            id=id_,
            source=group.dependant,
            type="depends_on",
            target=member,
            first_seen=at,
            last_seen=at,
            evidence={"source": DECLARED},
        )
        evidence = {**known.evidence, "group": group.name, "needed": group.needed}
        after = msgspec.structs.replace(known, evidence=evidence)
        changes.append(Put(Kind.RELATION, after, before.version if before else 0))
    return changes


def left(relations: Sequence[Relation], members: Collection[str]) -> list[Change]:
    """What takes these members out of their group: what was only declared is no dependency any more."""
    changes: list[Change] = []
    for relation in relations:
        if relation.target not in members:
            continue
        if relation.evidence.get("source") == DECLARED:
            changes.append(Remove(Kind.RELATION, relation.id, relation.version))
        else:
            evidence = {name: value for name, value in relation.evidence.items() if name not in _OF_GROUP}
            changes.append(Put(Kind.RELATION, msgspec.structs.replace(relation, evidence=evidence), relation.version))
    return changes
