"""`ci.impact`, `ci.depends`, `service.points`: what trouble reaches, what things stand on, what is not redundant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec

from cmdb.graph.graph import Reach
from cmdb.graph.single_points import Needed, needed_of, single_points
from cmdb.hub.api.find import by_id_or_name
from cmdb.hub.api.refusal import not_found
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.past import Known, known_at
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind


class ReachArguments(Arguments, frozen=True, kw_only=True):
    """`depth` counts relations from the CI; null is as far as it goes."""

    id: str
    depth: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    at: datetime | None = None


class PointsArguments(Arguments, frozen=True, kw_only=True):
    name: str
    at: datetime | None = None


async def impact(hub: Hub, _session: Session, args: ReachArguments) -> dict[str, Any]:
    known = await known_at(hub, args.at)
    reach = known.graph.impact(await _id_of(hub, args), args.depth)
    answer = await _answer(hub, known, reach, args.at)
    return {
        **answer,
        "nodes": sorted(answer["nodes"], key=_by_distance),
        "services": [service.name for service in known.services.supported_by([reach.root, *reach.reached])],
        "spared": [await _named(hub, known, id_, args.at) for id_ in reach.spared],
    }


async def depends(hub: Hub, _session: Session, args: ReachArguments) -> dict[str, Any]:
    known = await known_at(hub, args.at)
    reach = known.graph.depends(await _id_of(hub, args), args.depth)
    answer = await _answer(hub, known, reach, args.at)
    for node, row in zip(reach, answer["nodes"], strict=True):
        group = known.graph.group_of(node.via, node.id)
        row["group"] = None if group is None else {"name": group[0], "needed": group[1]}
    return {
        **answer,
        "nodes": sorted(answer["nodes"], key=_by_distance),
        "services": [service.name for service in known.services.supported_by([reach.root])],
        "spared": [],
    }


async def points(hub: Hub, _session: Session, args: PointsArguments) -> list[Row]:
    """Every CI whose failure alone takes a component that the service needs below what its rule asks for."""
    known = await known_at(hub, args.at)
    if args.name not in known.services.services:
        raise not_found("service", args.name)
    components = []
    for component, _, members in known.services.members.components(args.name):
        ids = frozenset(member.id for member in members)
        needed = 0 if component.effect == "degraded" else needed_of(component.rule, ids)
        components.append(Needed(component.name, ids, needed))
    found = single_points(known.graph, components)
    return [await _named(hub, known, point.ci, args.at) | {"component": point.component} for point in found]


async def _id_of(hub: Hub, args: ReachArguments) -> str:
    return str((await by_id_or_name(hub.store, Kind.CI, args.id, args.at))["id"])


def _by_distance(node: Row) -> tuple[int, str, str]:
    return node["distance"], node["name"], node["id"]


async def _answer(hub: Hub, known: Known, reach: Reach, at: datetime | None) -> dict[str, Any]:
    """`nodes` in the order in which they were reached."""
    names = {reach.root: (await _named(hub, known, reach.root, at))["name"]}
    nodes = []
    for node in reach:
        row = await _named(hub, known, node.id, at)
        names[node.id] = row["name"]
        nodes.append(row | {"distance": node.distance, "via": names[node.via]})
    return {"root": reach.root, "nodes": nodes}


async def _named(hub: Hub, known: Known, id_: str, at: datetime | None) -> Row:
    """What people see of a CI; one that is only known from a relation is called by its id."""
    ci = await hub.store.get(Kind.CI, id_, at=at) or {"class": "unknown", "name": id_}
    return {"id": id_, "class": ci["class"], "name": ci["name"], "state": known.state_of(id_)}


VERBS: Mapping[str, Verb] = {
    "ci.impact": Verb(ReachArguments, impact),
    "ci.depends": Verb(ReachArguments, depends),
    "service.points": Verb(PointsArguments, points),
}
