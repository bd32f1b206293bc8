"""The record's edges of trouble, kept up by documents and deltas; answers what is hit, and what is stood on.

Ids are numbered once; edges are sets of numbers, both ways, and change at the cost of a set. When a wide question
is followed by another with no change between, that one is answered from compressed rows, which are quicker.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from checks.reach import Group as ParentGroup
from cmdb.graph.rows import Rows
from cmdb.graph.walk import Group, Walked, walk
from cmdb.model.change import Delta
from cmdb.model.kind import Kind
from cmdb.model.relation import IMPACT_FLOWS, RELATION_TYPES, Flow
from cmdb.practices.topology import dependency, lives_on
from cmdb.store.protocol import Document

NARROW = 4000  # nodes beyond which the next question is worth new rows


class Hit(NamedTuple):
    """What goes down with several CIs at once, themselves left out, and what only redundancy holds up."""

    reached: list[str]
    spared: list[str]


class Node(NamedTuple):
    """A CI that was reached: `distance` edges away, by way of `via` (the CI before it; the root's is empty)."""

    id: str
    distance: int
    via: str


class Reach:
    """What was reached, nearest first, the root itself left out; nodes are made as they are asked for.

    `spared` are CIs that were hit and are held up by what is redundant.
    """

    def __init__(self, root: str, ids: Sequence[str], walked: Walked | None = None) -> None:
        self.root = root
        self._ids = ids
        self._walked = walked or Walked([0], [-1], [0])

    def __len__(self) -> int:
        return len(self._walked.order) - 1

    def __iter__(self) -> Iterator[Node]:
        walked, ids = self._walked, self._ids
        starts = [*walked.level_starts, len(walked.order)]
        for distance in range(1, len(starts) - 1):
            for position in range(starts[distance], starts[distance + 1]):
                yield Node(ids[walked.order[position]], distance, ids[walked.before[position]])

    @property
    def reached(self) -> list[str]:
        """The ids alone."""
        return list(map(self._ids.__getitem__, self._walked.order[1:]))

    @property
    def spared(self) -> tuple[str, ...]:
        return tuple(self._ids[node] for node in self._walked.spared)


# What gives an edge, as bits: that it is a CI's home, or a relation of this type. The commonest are the lowest.
_HOME = 1
_BITS = {
    type_: 2 << position
    for position, type_ in enumerate(sorted(RELATION_TYPES, key=lambda type_: IMPACT_FLOWS[type_] is Flow.NOWHERE))
}


class Graph:
    """All edges. A document that comes again replaces what it said before."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._ids: list[str] = []
        self._effects: dict[int, set[int]] = {}  # without those that a group decides
        self._causes: dict[int, dict[int, int]] = {}  # effect → cause → bits of what gives the edge
        self._classes: dict[str, str] = {}
        self._homes: dict[int, int] = {}
        self._waiting: dict[str, dict[str, Document]] = {}  # relations by a target whose class is not known yet
        self._group_of: dict[tuple[int, int], tuple[str, int]] = {}  # (effect, cause) → group, how many it needs
        self._groups: dict[int, list[Group]] | None = None
        self._rows: dict[bool, Rows] = {}  # effects (True) and causes, once they were asked for widely
        self._wide: set[bool] = set()

    def __len__(self) -> int:
        """How many edges there are."""
        return sum(map(len, self._causes.values()))

    def apply(self, deltas: Sequence[Delta]) -> None:
        """One batch of the store."""
        for delta in deltas:
            if delta.kind is Kind.CI:
                self.remove_ci(delta.id) if delta.body is None else self.put_ci(delta.body)
            elif delta.kind is Kind.RELATION:
                self.remove_relation(delta.id) if delta.body is None else self.put_relation(delta.body)

    def put_ci(self, ci: Document) -> None:
        """This CI goes down with the host that it lives on; a retired one does not."""
        id_ = ci["id"]
        self._classes[id_] = ci["class"]
        host = None if ci.get("status") == "retired" else lives_on(ci)
        self._house(self._number(id_), None if host is None else self._number(host))
        for relation in self._waiting.pop(id_, {}).values():
            self.put_relation(relation)

    def remove_ci(self, id_: str) -> None:
        self._classes.pop(id_, None)
        self._house(self._number(id_), None)

    def put_relation(self, relation: Document) -> None:
        """Its `evidence` may name a redundancy group: `group`, of whose members `needed` must be well."""
        target = relation["target"]
        if relation["type"] == "part_of" and target not in self._classes:
            self._waiting.setdefault(target, {})[relation["id"]] = relation
        found = dependency(relation, self._classes.get(target))
        if found is None:
            return
        effect, cause = self._number(found[0]), self._number(found[1])
        self._group(effect, cause, relation.get("evidence", {}))
        self._add(effect, cause, _BITS[relation["type"]])

    def remove_relation(self, id_: str) -> None:
        source, type_, target = id_.split("|", 2)
        self._waiting.get(target, {}).pop(id_, None)
        effect, cause = (target, source) if IMPACT_FLOWS.get(type_) is Flow.TO_TARGET else (source, target)
        if effect in self._numbers and cause in self._numbers:
            self._take(self._numbers[effect], self._numbers[cause], _BITS.get(type_, 0))

    def impact(self, root: str, depth: int | None = None) -> Reach:
        """Everything that trouble at the root reaches."""
        return self._reach(root, depth, self._effects, self._known_groups())

    def hit_by(self, roots: Iterable[str]) -> Hit:
        """Everything that trouble at all of these at once reaches: of a group several may be among them."""
        starts = [self._numbers[root] for root in dict.fromkeys(roots) if root in self._numbers]
        walked = self._walked(starts, self._effects)
        return Hit([self._ids[node] for node in walked.order[len(starts) :]], [self._ids[n] for n in walked.spared])

    def explains(self, down: Collection[str], ci: str) -> bool:
        """Whether this CI goes down with those that are: what redundancy holds up does not."""
        if not self._group_of or ci not in self._numbers:
            return True
        own, causes = self._numbers[ci], {self._numbers[each] for each in self.depends(ci).reached}
        between = causes | {own}
        if not any(effect in between for effect, _cause in self._group_of):
            return True
        starts = [self._numbers[each] for each in down if self._numbers.get(each) in causes]
        nearer = {node: self._effects.get(node, set()) & between for node in causes}
        return own in self._walked(starts, nearer).order

    def depends(self, root: str, depth: int | None = None) -> Reach:
        """Everything that the root stands on, redundant or not."""
        return self._reach(root, depth, self._causes, {})

    def parents(self, ci: str) -> list[ParentGroup]:
        """What the CI stands on directly, those together that stand in for each other."""
        effect = self._numbers.get(ci)
        if effect is None:
            return []
        groups: dict[tuple[str, str], list[int]] = {}
        needs: dict[tuple[str, str], int] = {}
        for cause in self._causes.get(effect, {}):
            name, needed = self._group_of.get((effect, cause), ("", 1))
            key = (name, "" if name else self._ids[cause])
            groups.setdefault(key, []).append(cause)
            needs[key] = max(needed, needs.get(key, 1))
        return [
            ParentGroup(tuple(self._ids[each] for each in members), min(needs[key], len(members)), key[0])
            for key, members in groups.items()
        ]

    def group_of(self, effect: str, cause: str) -> tuple[str, int] | None:
        """The redundancy group in which the first depends on the second, and how many of it are needed."""
        if effect not in self._numbers or cause not in self._numbers:
            return None
        return self._group_of.get((self._numbers[effect], self._numbers[cause]))

    def _walked(self, starts: Sequence[int], adjacency: Mapping[int, Collection[int]]) -> Walked:
        nothing: tuple[int, ...] = ()
        groups = self._known_groups()
        return walk(starts, lambda node: adjacency.get(node, nothing), len(self._ids), groups=groups)

    def _reach(
        self,
        root: str,
        depth: int | None,
        adjacency: Mapping[int, Collection[int]],
        groups: Mapping[int, Sequence[Group]],
    ) -> Reach:
        start = self._numbers.get(root)
        if start is None:
            return Reach(root, self._ids)
        size, forward = len(self._ids), adjacency is self._effects
        if forward in self._wide and forward not in self._rows:
            self._rows[forward] = Rows(adjacency, size)
        if forward in self._rows:
            return Reach(root, self._ids, walk(start, self._rows[forward].neighbours, size, depth=depth, groups=groups))
        nothing: tuple[int, ...] = ()
        walked = walk(start, lambda node: adjacency.get(node, nothing), size, depth=depth, groups=groups)
        if len(walked.order) > NARROW:
            self._wide.add(forward)
        return Reach(root, self._ids, walked)

    def _changed(self) -> None:
        self._rows.clear()
        self._wide.clear()

    def _number(self, id_: str) -> int:
        number = self._numbers.get(id_)
        if number is None:
            number = self._numbers[id_] = len(self._ids)
            self._ids.append(id_)
            self._changed()
        return number

    def _house(self, number: int, host: int | None) -> None:
        before = self._homes.pop(number, None)
        if host is not None:
            self._homes[number] = host
            self._add(number, host, _HOME)
        if before is not None and before != host:
            self._take(number, before, _HOME)

    def _add(self, effect: int, cause: int, bit: int) -> None:
        causes = self._causes.setdefault(effect, {})
        known = causes.get(cause, 0)
        causes[cause] = known | bit
        effects = self._effects.setdefault(cause, set())
        grouped = (effect, cause) in self._group_of
        if not known or grouped is (effect in effects):
            effects.discard(effect) if grouped else effects.add(effect)
            self._changed()

    def _take(self, effect: int, cause: int, bit: int) -> None:
        causes = self._causes.get(effect, {})
        bits = causes.get(cause, 0) & ~bit
        if bits:
            causes[cause] = bits
        elif cause in causes:
            del causes[cause]
            self._effects[cause].discard(effect)
            self._group(effect, cause, {})
            self._changed()

    def _group(self, effect: int, cause: int, evidence: Mapping[str, Any]) -> None:
        group, needed = evidence.get("group"), evidence.get("needed", 1)
        wanted = (str(group), needed if isinstance(needed, int) else 1) if group else None
        if self._group_of.get((effect, cause)) == wanted:
            return
        self._groups = None
        if wanted is None:
            del self._group_of[effect, cause]
        else:
            self._group_of[effect, cause] = wanted

    def _known_groups(self) -> Mapping[int, Sequence[Group]]:
        if self._groups is None:
            self._groups = self._made_groups()
        return self._groups

    def _made_groups(self) -> dict[int, list[Group]]:
        members: dict[tuple[int, str], dict[int, int]] = {}
        for (effect, cause), (name, needed) in self._group_of.items():
            members.setdefault((effect, name), {})[cause] = needed
        made: dict[int, list[Group]] = {}
        for (dependant, _), needs in members.items():
            group = Group(dependant, max(needs.values()), frozenset(needs))
            for member in needs:
                made.setdefault(member, []).append(group)
        return made
