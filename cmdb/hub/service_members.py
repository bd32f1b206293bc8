"""Which configuration items each component of a service is made of, and how they are: kept from deltas.

In memory only, rebuilt at every start. What follows from it is `cmdb.practices.service_state`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import msgspec

from checks.definition import Definition
from cmdb.filter import Filter, parse
from cmdb.filter.expression import Condition
from cmdb.graph.single_points import needed_of
from cmdb.model.kind import Kind
from cmdb.model.service import Component, Service
from cmdb.practices.service_state import CheckState, Judged, ServiceState, ci_state, component_state, service_state
from cmdb.store.protocol import Document

HOST = "host"
USUAL_INTERVAL_S = Definition(id="", ci="", type="").interval_s


class Member(msgspec.Struct, frozen=True):
    """A CI of a component: its id, name, the name of its host ("" for a host) and its state (None: not checked yet)."""

    id: str
    name: str
    host: str
    state: ServiceState | None

    @property
    def spoken(self) -> str:
        """Its name with the host's: endpoints are called alike on every host."""
        return f"{self.name} on {self.host}" if self.host else self.name


@dataclass(eq=False)
class _Part:
    """A component of a service with its selector, and the CIs that it found.

    `class_` is the only class that it can select, `host` the only host (by id or name), empty for any: most items
    need not be looked at.
    """

    service: str
    component: Component
    selector: Filter
    class_: str
    host: str
    cis: set[str] = field(default_factory=set)


class ServiceMembers:
    """Follows CIs, checks and services. `maintained` are the CIs in maintenance, shared with whoever makes another."""

    def __init__(self, maintained: set[str] | None = None) -> None:
        self._cis: dict[str, Document] = {}
        self._of_class: defaultdict[str, set[str]] = defaultdict(set)
        self._of_host: defaultdict[str, set[str]] = defaultdict(set)
        self._checks: dict[str, dict[str, CheckState]] = {}  # by CI, then by check
        self._ci_of_check: dict[str, str] = {}
        self._interval_s: dict[str, float] = {}  # of checks that do not have the usual one
        self._parts: dict[str, list[_Part]] = {}  # by service
        self._selecting: defaultdict[str, list[_Part]] = defaultdict(list)  # by class; "" for those that select any
        self._found_by: defaultdict[str, set[_Part]] = defaultdict(set)  # by CI
        self._maintained = set() if maintained is None else maintained

    def take_ci(self, id_: str, body: Document | None) -> set[str]:
        """The CI is like this now (None: gone); the services that it was or is part of."""
        before, touched = self._cis.get(id_), self.services_of(id_)
        if before is not None:
            self._of_class[before["class"]].discard(id_)
            self._of_host[before["host"] or ""].discard(id_)
        if body is None or body["status"] == "retired":
            self._cis.pop(id_, None)
            for part in self._found_by.pop(id_, ()):
                part.cis.discard(id_)
            return touched
        self._cis[id_] = body
        self._of_class[body["class"]].add(id_)
        self._of_host[body["host"] or ""].add(id_)
        renamed = body["class"] == HOST and (before is None or before["name"] != body["name"])
        # `host=web-1` names a host: what runs there is selected once that name is known.
        for ci in (*(self._of_host[id_] if renamed else ()), id_):
            touched |= self._place(ci)
        return touched

    def take_check(self, id_: str, body: Document | None) -> set[str]:
        """The check is like this now (None: gone); the services that have a say about it."""
        ci = self._ci_of_check.pop(id_, None) if body is None else str(body["ci"])
        if ci is None:
            return set()
        if body is None:
            self._checks.get(ci, {}).pop(id_, None)
            self._interval_s.pop(id_, None)
            return self.services_of(ci)
        if (interval_s := float(body["definition"].get("interval_s", USUAL_INTERVAL_S))) != USUAL_INTERVAL_S:
            self._interval_s[id_] = interval_s
        else:
            self._interval_s.pop(id_, None)
        state = CheckState(body["state"], body["hard"])
        self._ci_of_check[id_] = ci
        if self._checks.setdefault(ci, {}).get(id_) == state:
            return set()
        self._checks[ci][id_] = state
        return self.services_of(ci)

    def take_maintenance(self, changed: Iterable[str]) -> set[str]:
        """The maintenance of these CIs began or ended; the services that have them."""
        changed = set(changed)
        self._maintained ^= changed
        return {service for ci in changed for service in self.services_of(ci)}

    def take_service(self, id_: str, service: Service | None) -> None:
        """The service is made of these components now; it may select other CIs than before."""
        for part in self._parts.pop(id_, ()):
            self._selecting[part.class_].remove(part)
            for ci in part.cis:
                self._found_by[ci].discard(part)
        if service is None:
            return
        self._parts[id_] = [_part(id_, component) for component in service.components]
        for part in self._parts[id_]:
            self._selecting[part.class_].append(part)
            for ci in self._candidates(part):
                self._try(part, ci)

    def _candidates(self, part: _Part) -> Iterable[str]:
        """What it may select: of a host that it names what is there, else all of its class."""
        if not part.host:
            return self._of_class[part.class_] if part.class_ else self._cis
        named = (host for host in self._of_class[HOST] if self._cis[host]["name"] == part.host)
        return (ci for host in {part.host, *named} for ci in self._of_host.get(host, ()))

    def known(self, ci: str) -> Document | None:
        """A CI that is not retired."""
        return self._cis.get(ci)

    def services_of(self, ci: str) -> set[str]:
        """The services that this CI is a direct part of."""
        return {part.service for part in self._found_by.get(ci, ())}

    def checks_of(self, service: str) -> set[str]:
        """The checks of all items of the service."""
        cis = {ci for part in self._parts.get(service, ()) for ci in part.cis}
        return {check for ci in cis for check in self._checks.get(ci, ())}

    def services_with(self, check: str) -> set[str]:
        """The services that this check has a say about."""
        return self.services_of(self._ci_of_check.get(check, ""))

    def judged_with(self, service: Service, states: Mapping[str, CheckState]) -> Judged:
        """What the service would be with its checks in these states; those that are not named have no say."""
        judged = []
        for part in self._parts.get(service.id, ()):
            members = [
                (self._member(ci).spoken, ci_state(states[one] for one in self._checks.get(ci, ()) if one in states))
                for ci in sorted(part.cis)
            ]
            if members or not part.component.optional:
                judged.append(component_state(part.component, members))
        return service_state(service.rule, judged)

    def hosts_of(self, service: str) -> set[str]:
        """The hosts that the service's items are on."""
        items = {ci: self._cis[ci] for part in self._parts.get(service, ()) for ci in part.cis}
        return {ci if item["class"] == HOST else item["host"] for ci, item in items.items()} - {None}

    def on_host(self, host: str, class_: str) -> Iterator[Document]:
        """The items of a class that are on a host."""
        return (self._cis[ci] for ci in self._of_host.get(host, ()) if self._cis[ci]["class"] == class_)

    def services_on(self, host: str) -> set[str]:
        """The services with an item on this host."""
        return {name for ci in (host, *self._of_host.get(host, ())) for name in self.services_of(ci)}

    def looks_an_hour(self, service: str) -> float:
        """How often an hour the items of the service are looked at, by all of their checks."""
        intervals_s = (self._interval_s.get(check, USUAL_INTERVAL_S) for check in self.checks_of(service))
        return round(sum((3600 / interval_s for interval_s in intervals_s if interval_s > 0), 0.0), 1)

    def state_of(self, service: Service) -> Judged:
        """The state of the service, from its components."""
        having_a_say = (
            judged for component, judged, members in self.components(service.id) if members or not component.optional
        )
        return service_state(service.rule, list(having_a_say))

    def components(self, service: str) -> Iterator[tuple[Component, Judged, Sequence[Member]]]:
        """Each component of the service, how it is, and its CIs by name."""
        for part in self._parts.get(service, ()):
            members = sorted((self._member(ci) for ci in part.cis), key=_by_host)
            judged = component_state(part.component, [(member.spoken, member.state) for member in members])
            yield part.component, judged, members

    def spare(self, service: str, lost: AbstractSet[str]) -> list[int]:
        """Of each component that loses members: how many more are left than the service needs of them."""
        found = []
        for part in self._parts.get(service, ()):
            gone = len(part.cis & lost)
            if gone and part.component.effect != "degraded":
                found.append(len(part.cis) - gone - needed_of(part.component.rule, part.cis))
        return found

    def _member(self, ci: str) -> Member:
        state = ci_state(self._checks.get(ci, {}).values())
        hidden = state is not None and ci in self._maintained
        body = self._cis[ci]
        host = self._cis.get(body["host"] or "") if body["host"] != ci else None
        name = "" if host is None else str(host["name"])
        return Member(ci, str(body["name"]), name, ServiceState.MAINTENANCE if hidden else state)

    def _place(self, ci: str) -> set[str]:
        """Look for the parts that select it, as it is now; the services that it was or is part of."""
        before, class_ = self.services_of(ci), self._cis[ci]["class"]
        for part in [part for part in self._found_by.get(ci, ()) if part.class_ not in {"", class_}]:
            part.cis.discard(ci)
            self._found_by[ci].discard(part)
        for part in (*self._selecting[class_], *self._selecting[""]):
            self._try(part, ci)
        return before | self.services_of(ci)

    def _try(self, part: _Part, ci: str) -> None:
        body = self._cis[ci]
        if self._may_be_on(part.host, body["host"]) and part.selector.matches(body, related=self._cis.get):
            part.cis.add(ci)
            self._found_by[ci].add(part)
        elif ci in part.cis:
            part.cis.discard(ci)
            self._found_by[ci].discard(part)

    def _may_be_on(self, wanted: str, host: str | None) -> bool:
        return wanted in {"", host} or (host in self._cis and self._cis[host or ""]["name"] == wanted)


def _by_host(member: Member) -> tuple[str, str, str]:
    return member.host or member.name, member.name, member.id


def _part(service: str, component: Component) -> _Part:
    selector = parse(component.select)
    class_ = selector.equals(Kind.CI).get("class", "")
    hosts = (
        one for one in selector.terms if isinstance(one, Condition) and one.field == HOST and one.is_plain_equality
    )
    return _Part(service, component, selector, class_, next((one.values[0].text for one in hosts), ""))
