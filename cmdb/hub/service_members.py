"""Which configuration items each component of a service is made of, and how they are: kept from deltas.

In memory only, rebuilt at every start. What follows from it is `cmdb.practices.service_state`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from cmdb.filter import Filter, parse
from cmdb.model.kind import Kind
from cmdb.model.service import Component, Service
from cmdb.practices.service_state import CheckState, Judged, ServiceState, ci_state, component_state, service_state
from cmdb.store.protocol import Document


class Member(msgspec.Struct, frozen=True):
    """A CI of a component: its id, name and state (None while nothing has checked it)."""

    id: str
    name: str
    state: ServiceState | None


@dataclass
class _Part:
    """A component with its selector, the only class that this can select (empty: any), and the CIs found."""

    component: Component
    selector: Filter
    class_: str
    cis: set[str] = field(default_factory=set)


class ServiceMembers:
    """Follows CIs, checks and services. `maintained` are the CIs in maintenance, shared with whoever makes another."""

    def __init__(self, maintained: set[str] | None = None) -> None:
        self._cis: dict[str, Document] = {}
        self._checks: dict[str, dict[str, CheckState]] = {}  # by CI, then by check
        self._ci_of_check: dict[str, str] = {}
        self._parts: dict[str, list[_Part]] = {}  # by service
        self._services_of: dict[str, set[str]] = {}  # by CI
        self._maintained = set() if maintained is None else maintained

    def take_ci(self, id_: str, body: Document | None) -> set[str]:
        """The CI is like this now (None: gone); the services that it was or is part of."""
        touched = set(self._services_of.get(id_, ()))
        if body is None or body["status"] == "retired":
            self._cis.pop(id_, None)
            self._leave(id_)
            return touched
        self._cis[id_] = body
        for service in self._parts:
            self._place(service, id_, body)
        return touched | self._services_of.get(id_, set())

    def take_check(self, id_: str, body: Document | None) -> set[str]:
        """The check is like this now (None: gone); the services that have a say about it."""
        ci = self._ci_of_check.pop(id_, None) if body is None else str(body["ci"])
        if ci is None:
            return set()
        if body is None:
            self._checks.get(ci, {}).pop(id_, None)
            return set(self._services_of.get(ci, ()))
        state = CheckState(body["state"], body["hard"])
        self._ci_of_check[id_] = ci
        if self._checks.setdefault(ci, {}).get(id_) == state:
            return set()
        self._checks[ci][id_] = state
        return set(self._services_of.get(ci, ()))

    def take_maintenance(self, changed: Iterable[str]) -> set[str]:
        """The maintenance of these CIs began or ended; the services that have them."""
        changed = set(changed)
        self._maintained ^= changed
        return {service for ci in changed for service in self._services_of.get(ci, ())}

    def take_service(self, id_: str, service: Service | None) -> None:
        """The service is made of these components now; it may select other CIs than before."""
        for ci in list(self._services_of):
            self._services_of[ci].discard(id_)
        self._parts.pop(id_, None)
        if service is None:
            return
        self._parts[id_] = [_part(component) for component in service.components]
        for ci, body in self._cis.items():
            self._place(id_, ci, body)

    def known(self, ci: str) -> Document | None:
        """A CI that is not retired."""
        return self._cis.get(ci)

    def services_of(self, ci: str) -> set[str]:
        """The services that this CI is a direct part of."""
        return set(self._services_of.get(ci, ()))

    def checks_of(self, service: str) -> set[str]:
        """The checks of all items of the service."""
        cis = {ci for part in self._parts.get(service, ()) for ci in part.cis}
        return {check for ci in cis for check in self._checks.get(ci, ())}

    def state_of(self, service: Service) -> Judged:
        """The state of the service, from its components."""
        return service_state(service.rule, [judged for _, judged, _ in self.components(service.id)])

    def components(self, service: str) -> Iterator[tuple[Component, Judged, Sequence[Member]]]:
        """Each component of the service, how it is, and its CIs by name."""
        for part in self._parts.get(service, ()):
            members = sorted((self._member(ci) for ci in part.cis), key=lambda member: (member.name, member.id))
            judged = component_state(part.component, [(member.name, member.state) for member in members])
            yield part.component, judged, members

    def _member(self, ci: str) -> Member:
        state = ci_state(self._checks.get(ci, {}).values())
        hidden = state is not None and ci in self._maintained
        return Member(ci, str(self._cis[ci]["name"]), ServiceState.MAINTENANCE if hidden else state)

    def _place(self, service: str, ci: str, body: Document) -> None:
        for part in self._parts[service]:
            if part.class_ in {"", body["class"]} and part.selector.matches(body, related=self._cis.get):
                part.cis.add(ci)
            else:
                part.cis.discard(ci)
        services = self._services_of.setdefault(ci, set())
        if any(ci in part.cis for part in self._parts[service]):
            services.add(service)
        else:
            services.discard(service)

    def _leave(self, ci: str) -> None:
        for service in self._services_of.pop(ci, ()):
            for part in self._parts.get(service, ()):
                part.cis.discard(ci)


def _part(component: Component) -> _Part:
    selector = parse(component.select)
    return _Part(component, selector, selector.equals(Kind.CI).get("class", ""))
