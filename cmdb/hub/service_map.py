"""The map of services: what each is made of and what of that is not well, and by host which services stand on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cmdb.graph.graph import Graph
from cmdb.hub.service_members import Member
from cmdb.hub.services import Services
from cmdb.model.service import Component, Service
from cmdb.practices.service_state import Judged, ServiceState
from cmdb.store.protocol import Document

Row = dict[str, Any]
StateOf = Callable[[str], str | None]
MOST_WELL = 3  # of a component's items that are well, beside all that are not
MOST_ITEMS = 60
MOST_CAUSES = 6
CAUSE_STEPS = 3
MOST_HOSTS = 500
_WELL = frozenset({"up", "ok", None})
_RANK = {"down": 0, "critical": 0, "degraded": 1, "warning": 1, "unknown": 2, "maintenance": 3}


class ServiceMap:
    """`whole` shows the items that are well, too, not only a few of them."""

    def __init__(self, services: Services, graph: Graph, state_of: StateOf, *, whole: bool = False) -> None:
        self._services, self._graph, self._state_of = services, graph, state_of
        self._least = MOST_ITEMS if whole else MOST_WELL

    def down(self, chosen: Iterable[Service]) -> list[Row]:
        """From services to what they stand on. `depth` is the step in the tree; a row of `more` stands for several."""
        return [row for service in sorted(chosen, key=_by_state) for row in self._service(service)]

    def up(self, chosen: Iterable[Service]) -> list[Row]:
        """From hosts to the services that stand on them, those that carry most first."""
        carried: defaultdict[str, set[str]] = defaultdict(set)
        items: defaultdict[str, int] = defaultdict(int)
        for service in chosen:
            for _, _, members in self._services.members.components(service.id):
                for member in members:
                    host = (self._known(member.id) or {}).get("host") or member.id
                    carried[host].add(service.name)
                    items[host] += 1
        rows = [self._host(host, names, items[host]) for host, names in carried.items()]
        return sorted(rows, key=lambda row: (-len(row["services"]), _RANK.get(row["state"], 9), row["name"]))[
            :MOST_HOSTS
        ]

    def _service(self, service: Service) -> Iterator[Row]:
        id_ = service.id
        yield _row(id_, "service", 0, service.name, service.state, note=service.title, service=service.name)
        for component, judged, members in self._services.members.components(service.id):
            yield from self._component(service, component, judged, members)

    def _component(
        self, service: Service, component: Component, judged: Judged, members: Sequence[Member]
    ) -> Iterator[Row]:
        path = f"{service.id}/{component.name}"
        well = sum(_word(member) in _WELL for member in members)
        note = f"{well} of {len(members)} well, {_spoken_rule(component)}"
        yield _row(path, "component", 1, component.name, judged.state.value, note=note)
        shown = sorted(members, key=lambda member: (_RANK.get(_word(member) or "", 9), member.spoken))
        kept = min(MOST_ITEMS, max(self._least, len(members) - well))
        for member in shown[:kept]:
            yield from self._item(service, path, member)
        if len(shown) > kept:
            yield _row(f"{path}/more", "more", 2, f"{len(shown) - kept} more", None)

    def _item(self, service: Service, path: str, member: Member) -> Iterator[Row]:
        others = sorted(self._services.members.services_of(member.id) - {service.id})
        state = _word(member)
        note = f"also in {', '.join(others)}" if others else ""
        class_ = (self._known(member.id) or {}).get("class")
        own = f"{path}/{member.id}"
        yield _row(own, "item", 2, member.name, state, note=note, ci=member.id, host=member.host, class_=class_)
        if state not in _WELL:
            yield from self._causes(own, member.id)

    def _causes(self, path: str, ci: str) -> Iterator[Row]:
        """What it stands on and is not well either."""
        found = 0
        for node in self._graph.depends(ci, CAUSE_STEPS):
            state, body = self._state_of(node.id), self._known(node.id)
            if state in {*_WELL, "pending"} or body is None:
                continue
            found += 1
            if found > MOST_CAUSES:
                return
            host = self._known(body.get("host") or "")
            name = "" if host is None or host["id"] == node.id else str(host["name"])
            yield _row(
                f"{path}>{node.id}", "cause", 2 + node.distance, str(body["name"]), state,
                note="it stands on this", ci=node.id, host=name, class_=body["class"],
            )  # fmt: skip

    def _host(self, id_: str, services: set[str], items: int) -> Row:
        body = self._known(id_) or {"name": id_, "class": "unknown"}
        state = self._state_of(id_)
        return {
            "id": id_,
            "ci": id_,
            "name": body["name"],
            "class": body["class"],
            "state": state,
            "services": sorted(services),
            "items": items,
            "reaches": len(self._graph.impact(id_)),
        }

    def _known(self, id_: str) -> Document | None:
        return self._services.members.known(id_)


def _row(
    id_: str,
    kind: str,
    depth: int,
    name: str,
    state: str | None,
    *,
    note: str = "",
    service: str = "",
    ci: str = "",
    host: str = "",
    class_: str | None = None,
) -> Row:
    own: Mapping[str, Any] = {"id": id_, "kind": kind, "depth": depth, "name": name, "state": state, "note": note}
    return {**own, "service": service, "ci": ci, "host_name": host, "class": class_}


def _word(member: Member) -> str | None:
    return None if member.state is None else member.state.value


def _spoken_rule(component: Component) -> str:
    if component.rule.isdigit():
        return f"{component.rule} needed"
    return f"the {component.rule} counts"


def _by_state(service: Service) -> tuple[int, int, str]:
    well = service.state == ServiceState.UP.value
    return (9 if well else _RANK.get(service.state, 8), service.criticality, service.name)
