"""Whether a thing can be reached at all, given what is hard-down: so that one dead switch is one alarm. Pure.

Suppresses alerting, never checking; creation, never resolution. Soft states are no reason: whoever calls says what
is hard-down.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Optional

import msgspec


class Group(msgspec.Struct, frozen=True):
    """Parents that stand in for each other: reached as long as `needed` of them are. One parent is a group of one."""

    members: tuple[str, ...]
    needed: int = 1
    name: str = ""


Parents = Mapping[str, Sequence[Group]]  # every group must hold


class CircularParents(ValueError):
    """Things that stand behind each other in a circle: a mistake of the configuration. `circle` names them in order."""

    def __init__(self, circle: Sequence[str]) -> None:
        super().__init__(f"these depend on each other in a circle: {' → '.join(circle)}")
        self.circle = tuple(circle)


def blockers(node: str, parents: Parents, hard_down: Collection[str]) -> tuple[str, ...]:
    """What keeps the node from being reached, nearest to the cause; empty when it can be.

    The node's own state is not asked for: a thing that is down is down, not unreachable. Needs `verify` before.
    """
    known: dict[str, tuple[str, ...]] = {}
    waiting = [node]
    while waiting:
        groups = parents.get(waiting[-1], ())
        unknown = [member for group in groups for member in group.members if member not in known]
        if unknown:
            waiting.extend(unknown)
        else:
            known[waiting.pop()] = _causes(groups, hard_down, known)
    return known[node]


def _causes(
    groups: Sequence[Group], hard_down: Collection[str], known: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Why too few parents of one of the groups carry: what blocks each of them, or that it is down itself."""
    causes: dict[str, None] = {}
    for group in groups:
        lost = [known[member] or ((member,) if member in hard_down else ()) for member in group.members]
        if sum(1 for why in lost if not why) < group.needed:
            causes.update(dict.fromkeys(cause for why in lost for cause in why))
    return tuple(causes)


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
