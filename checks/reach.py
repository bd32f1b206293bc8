"""Whether a thing can be reached at all, given what is hard-down: so that one dead switch is one alarm. Pure.

Suppresses alerting, never checking; creation, never resolution. Soft states are no reason: whoever calls says what
is hard-down. Parents that were declared stand in no circle (`verify`); those that were observed may.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Callable, Optional

import msgspec


class Group(msgspec.Struct, frozen=True):
    """Parents that stand in for each other: reached as long as `needed` of them are. One parent is a group of one."""

    members: tuple[str, ...]
    needed: int = 1
    name: str = ""


Parents = Mapping[str, Sequence[Group]]  # every group must hold
ParentsOf = Callable[[str], Sequence[Group]]


class CircularParents(ValueError):
    """Things that stand behind each other in a circle: a mistake of the configuration. `circle` names them in order."""

    def __init__(self, circle: Sequence[str]) -> None:
        super().__init__(f"these depend on each other in a circle: {' → '.join(circle)}")
        self.circle = tuple(circle)


def blockers(node: str, parents_of: ParentsOf, hard_down: Collection[str]) -> tuple[str, ...]:
    """What keeps the node from being reached, nearest to the cause; empty when it can be.

    Its own state is not asked for: what is down is down, not unreachable.
    """
    groups = _ancestry(node, parents_of)
    lost = _lost(groups, hard_down)
    causes: dict[str, None] = {}
    met = {node}
    waiting = [node]
    while waiting:
        for member in _lost_members(groups[waiting.pop()], lost):
            if member not in met:
                met.add(member)
                waiting.append(member)
                if not any(_fails(group, lost) for group in groups[member]):
                    causes[member] = None
    # In a circle nothing is nearest: then all of it that is down.
    return tuple(causes) or tuple(sorted(one for one in met if one != node and one in hard_down))


def _ancestry(node: str, parents_of: ParentsOf) -> dict[str, Sequence[Group]]:
    """The groups of the node and of all that it stands on, near and far."""
    groups: dict[str, Sequence[Group]] = {}
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one not in groups:
            groups[one] = parents_of(one)
            waiting.extend(member for group in groups[one] for member in group.members)
    return groups


def _lost(groups: Mapping[str, Sequence[Group]], hard_down: Collection[str]) -> set[str]:
    """What is down, and all that for that reason cannot be reached: nothing is lost for itself alone."""
    children: dict[str, list[str]] = {}
    for one, of in groups.items():
        for group in of:
            for member in group.members:
                children.setdefault(member, []).append(one)
    lost = {one for one in groups if one in hard_down}
    waiting = list(lost)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in lost and any(_fails(group, lost) for group in groups[child]):
                lost.add(child)
                waiting.append(child)
    return lost


def _fails(group: Group, lost: Collection[str]) -> bool:
    return sum(1 for member in group.members if member not in lost) < group.needed


def _lost_members(groups: Iterable[Group], lost: Collection[str]) -> Iterator[str]:
    """Of those groups that fail."""
    return (member for group in groups if _fails(group, lost) for member in group.members if member in lost)


def verify(parents: Parents) -> None:
    """Raises `CircularParents`, or `ValueError` for a group that can never hold."""
    for node, groups in parents.items():
        for group in groups:
            if not 1 <= group.needed <= len(group.members):
                raise ValueError(f"{node}: {group.needed} of {len(group.members)} parents can never hold")
    done: set[str] = set()
    for node in parents:
        circle = _circle(node, parents, done)
        if circle is not None:
            raise CircularParents(circle)


def _circle(start: str, parents: Parents, done: set[str]) -> Optional[list[str]]:
    """A circle that can be reached from here, or None; a walk with a stack of its own, however deep it gets."""
    path: dict[str, None] = {start: None}  # in the order walked
    branches: list[Iterator[str]] = [_members(start, parents)]
    while path:
        following = next((member for member in branches[-1] if member not in done), None)
        if following is None:
            done.add(path.popitem()[0])
            branches.pop()
        elif following in path:
            walked = list(path)
            return [*walked[walked.index(following) :], following]
        else:
            path[following] = None
            branches.append(_members(following, parents))
    return None


def _members(node: str, parents: Parents) -> Iterator[str]:
    return (member for group in parents.get(node, ()) for member in group.members)
