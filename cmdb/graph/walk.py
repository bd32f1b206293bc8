"""Breadth first along edges: every node that is reached, how far, and by way of which other. Cycles end it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

Neighbours = Callable[[int], Iterable[int]]


@dataclass(frozen=True)
class Group:
    """Members of which `needed` must be well for the dependant to be."""

    dependant: int
    needed: int
    members: frozenset[int]


@dataclass
class Walked:
    """Nodes in the order in which they were reached, each with the one before it; the first are the starts.

    `level_starts` are the positions at which distances 0, 1, 2 … begin. `spared` are dependants of groups that lost
    members and still have enough.
    """

    order: list[int]
    before: list[int]
    level_starts: list[int] = field(default_factory=list)
    spared: list[int] = field(default_factory=list)


def walk(
    start: int | Sequence[int],
    neighbours: Neighbours,
    size: int,
    *,
    depth: int | None = None,
    groups: Mapping[int, Sequence[Group]] = MappingProxyType({}),
) -> Walked:
    """All that is reached from the start, or several at once, within this depth. `groups` are those of each node."""
    starts = [start] if isinstance(start, int) else list(start)
    seen = bytearray(size)
    for each in starts:
        seen[each] = 1
    walked = Walked(starts, [-1] * len(starts), [0])
    order, before = walked.order, walked.before
    lost: dict[int, int] = {}
    position = 0
    while position < len(order) and (depth is None or len(walked.level_starts) <= depth):
        level, end = order[position:], len(order)
        for node in level:
            for other in neighbours(node):
                if not seen[other]:
                    seen[other] = 1
                    order.append(other)
                    before.append(node)
        for node in level if groups else ():
            for other in _overwhelmed(groups.get(node, ()), lost):
                if not seen[other]:
                    seen[other] = 1
                    order.append(other)
                    before.append(node)
        position = end
        if len(order) > end:
            walked.level_starts.append(end)
    if groups and lost:
        walked.spared = sorted(_spared(groups, lost, seen))
    return walked


def _overwhelmed(groups: Sequence[Group], lost: dict[int, int]) -> Iterable[int]:
    """Count one more member lost in each; the dependants of those that have too few left."""
    for group in groups:
        lost[id(group)] = lost.get(id(group), 0) + 1
        if len(group.members) - lost[id(group)] < group.needed:
            yield group.dependant


def _spared(groups: Mapping[int, Sequence[Group]], lost: Mapping[int, int], seen: bytearray) -> set[int]:
    hit = (group for several in groups.values() for group in several if id(group) in lost)
    return {group.dependant for group in hit if not seen[group.dependant]}
