"""Which single CI takes a service down when it fails: for each one that the service stands on, ask what is left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from cmdb.graph.graph import Graph


class Needed(NamedTuple):
    """A component of a service: its CIs, and how many of them must be well (0: it can do without)."""

    name: str
    members: frozenset[str]
    needed: int


class SinglePoint(NamedTuple):
    """A CI without which the service is down, and the first component that has too few members left then."""

    ci: str
    component: str


def needed_of(rule: str, members: Collection[str]) -> int:
    """How many members a component's rule asks for: `worst` all, `best` one, a number that many."""
    return {"worst": len(members), "best": min(1, len(members))}.get(rule) or (int(rule) if rule.isdigit() else 0)


def single_points(graph: Graph, components: Sequence[Needed]) -> list[SinglePoint]:
    """All of them, the members of the service first, then by distance."""
    found = []
    for ci in _stood_on(graph, components):
        lost = {ci, *graph.impact(ci).reached}
        fallen = next((part.name for part in components if _is_down(part, lost)), None)
        if fallen is not None:
            found.append(SinglePoint(ci, fallen))
    return found


def _is_down(part: Needed, lost: Collection[str]) -> bool:
    return bool(part.members) and sum(1 for member in part.members if member not in lost) < part.needed


def _stood_on(graph: Graph, components: Iterable[Needed]) -> list[str]:
    """Every member and what it depends on, once, in the order of the least distance."""
    distances: dict[str, int] = {}
    for part in components:
        for member in sorted(part.members):
            distances[member] = 0
            for node in graph.depends(member):
                distances[node.id] = min(node.distance, distances.get(node.id, node.distance))
    return sorted(distances, key=lambda ci: (distances[ci], ci))
