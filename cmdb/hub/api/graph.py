"""`ci.impact`, `ci.depends`, `service.points`: what trouble reaches, what things stand on, what is not redundant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from cmdb.graph.graph import Reach
from cmdb.graph.single_points import Needed, needed_of, single_points
from cmdb.hub.api.find import by_id_or_name
from cmdb.hub.api.refusal import not_found
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind


class ReachArguments(Arguments, frozen=True, kw_only=True):
    """`depth` counts relations from the CI; null is as far as it goes."""

    id: str
    depth: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None


class PointsArguments(Arguments, frozen=True, kw_only=True):
    name: str


async def impact(hub: Hub, _session: Session, args: ReachArguments) -> dict[str, Any]:
    ci = await by_id_or_name(hub.store, Kind.CI, args.id)
    reach = hub.topology.graph.impact(ci["id"], args.depth)
    services = hub.services.supported_by([ci["id"], *reach.reached])
    spared = [await _named(hub, id_) for id_ in reach.spared]
    return await _answer(hub, reach) | {"services": [service.name for service in services], "spared": spared}


async def depends(hub: Hub, _session: Session, args: ReachArguments) -> dict[str, Any]:
    ci = await by_id_or_name(hub.store, Kind.CI, args.id)
    services = hub.services.supported_by([ci["id"]])
    answer = await _answer(hub, hub.topology.graph.depends(ci["id"], args.depth))
    return answer | {"services": [service.name for service in services], "spared": []}


async def points(hub: Hub, _session: Session, args: PointsArguments) -> list[Row]:
    """Every CI whose failure alone takes a component that the service needs below what its rule asks for."""
    if args.name not in hub.services.services:
        raise not_found("service", args.name)
    components = []
    for component, _, members in hub.services.members.components(args.name):
        ids = frozenset(member.id for member in members)
        needed = 0 if component.effect == "degraded" else needed_of(component.rule, ids)
        components.append(Needed(component.name, ids, needed))
    found = single_points(hub.topology.graph, components)
    return [await _named(hub, point.ci) | {"component": point.component} for point in found]


async def _answer(hub: Hub, reach: Reach) -> dict[str, Any]:
    names = {reach.root: (await _named(hub, reach.root))["name"]}
    nodes = []
    for node in reach:
        row = await _named(hub, node.id)
        names[node.id] = row["name"]
        nodes.append(row | {"distance": node.distance, "via": names[node.via]})
    return {"root": reach.root, "nodes": sorted(nodes, key=lambda node: (node["distance"], node["name"], node["id"]))}


async def _named(hub: Hub, id_: str) -> Row:
    """What people see of a CI; one that is only known from a relation is called by its id."""
    ci = await hub.store.get(Kind.CI, id_) or {"class": "unknown", "name": id_}
    return {"id": id_, "class": ci["class"], "name": ci["name"], "state": hub.census.state_of(id_)}


VERBS: Mapping[str, Verb] = {
    "ci.impact": Verb(ReachArguments, impact),
    "ci.depends": Verb(ReachArguments, depends),
    "service.points": Verb(PointsArguments, points),
}
