"""Has people told of incidents that nobody has acknowledged: by route, in groups, step after step.

A step and the messages that it makes are written in one batch: a hub that is killed takes no step twice and misses
none. Sending them is `delivery_desk`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cmdb.clock import Clock
from cmdb.hub.escalation_book import EscalationBook
from cmdb.hub.escalation_preview import preview
from cmdb.hub.incident_book import IncidentBook
from cmdb.hub.ledger import Ledger
from cmdb.hub.maintenance_watch import MaintenanceWatch
from cmdb.hub.roster import Roster
from cmdb.hub.stirred import stirred
from cmdb.model.change import Change, Delta, Put
from cmdb.model.escalation import Delivery, Escalation
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.oncall_file import Directory
from cmdb.practices.delivery import addressed
from cmdb.practices.escalation import (
    EscalationPolicy,
    Step,
    advanced,
    advances,
    begun,
    due_step,
    hastened,
    opening_of,
    silenced,
)
from cmdb.practices.grouping import Group, due_at
from cmdb.practices.incident import escalated, told
from cmdb.practices.routing import ROOT, Route, group_key, route_named, routes_of
from cmdb.practices.silence import silenced_by
from cmdb.practices.telling import labels_of, place_of, text_of, title_of
from cmdb.store.protocol import StaleVersion, Store, StoreError

ACTOR = "hub"
LONGEST_WAIT_S = 5.0  # rotations hand off, wall clocks are set
RETRY_S = 1.0
_STIRRING = frozenset({Kind.INCIDENT, Kind.ESCALATION, Kind.SILENCE})
_log = logging.getLogger(__name__)


class EscalationDesk:
    """Follows incidents, escalations and silences. `acknowledge` is the command to say, with `{number}` in it.

    `known` is what is on record.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        book: IncidentBook,
        roster: Roster,
        acknowledge: Callable[[], str],
        maintenance: MaintenanceWatch,
    ) -> None:
        self._maintenance = maintenance
        self.known = EscalationBook(maintenance)
        self._ledger, self._clock, self._book, self._roster = ledger, clock, book, roster
        self._acknowledge = acknowledge
        self._stirred = asyncio.Event()
        self._routed: dict[int, tuple[int, Directory]] = {}  # of which version, by which routes, by incident

    # Following

    async def load(self, store: Store) -> None:
        await self.known.load(store)

    async def apply(self, deltas: Sequence[Delta]) -> None:
        self.known.take(deltas)
        if any(delta.kind in _STIRRING for delta in deltas):
            self._stirred.set()

    async def run(self) -> None:
        while True:
            self._stirred.clear()
            try:
                await self.work()
            except StaleVersion:
                self._stirred.set()  # somebody acted in between: decide anew
                await asyncio.sleep(0)
            except StoreError as error:
                _log.warning("escalations are looked at again in %g s: %s", RETRY_S, error)
                await asyncio.sleep(RETRY_S)
                self._stirred.set()
            await stirred(self._stirred, self._wait_s())

    def stir(self) -> None:
        """Look again now."""
        self._stirred.set()

    # What people ask

    async def hasten(self, incident: Incident, *, actor: str, as_of: datetime | None = None, why: str = "") -> bool:
        """Take the next step of an incident now; whether there is one. Raises `EscalatedSince`, `StaleVersion`."""
        if not advances(incident):
            return False
        now = self._clock.now()
        found = self.known.of(incident)
        changes: list[Change] = [_put(hastened(one, now, as_of)) for one in found]
        if changes:
            words = "the next step now" if as_of is None else f"the next step now, as of {as_of:%Y-%m-%dT%H:%M:%SZ}"
            words += f": {why}" if why else ""
            changes.append(Put(Kind.INCIDENT, escalated(incident, actor, now, words), incident.version))
        await self._commit(changes, "escalated by hand", actor)
        self._stirred.set()
        return bool(found)

    async def preview(self, incident: Incident) -> dict[str, Any]:
        """Who is told of this incident, when and why, if nobody acknowledges; nothing is written."""
        return preview(incident, await self.labels(incident), self._roster, self.known, self._clock.now())

    # Working

    async def work(self) -> None:
        """Begin what is new, take the steps that are due."""
        now = self._clock.now()
        waiting = [incident for incident in self._book if advances(incident)]
        await self._begin(waiting, now)
        for group in self._due(waiting, now):
            await self._take_steps(group, now)

    async def _begin(self, waiting: Sequence[Incident], now: datetime) -> None:
        changes: list[Change] = []
        begun_now: dict[str, list[Escalation]] = {}
        routed = {one.number: (one.version, self._roster.directory) for one in waiting}
        for incident in waiting:
            if self._routed.get(incident.number) == routed[incident.number]:
                continue
            labels = await self.labels(incident)
            for route in routes_of(self._roster.directory.route, labels):
                known = self.known.escalations.get(f"{incident.id}/{route.name}")
                policy = self._policy(route.policy or "")
                if policy is None or (known is not None and known.opening == opening_of(incident)):
                    continue
                group = group_key(route, labels, incident.number)
                at = self._first_at(route, [*self.known.in_group(group), *begun_now.get(group, ())], now)
                fresh = begun(incident, policy, at, route.name, group)
                begun_now.setdefault(group, []).append(fresh)
                changes.append(Put(Kind.ESCALATION, fresh, 0 if known is None else known.version))
        await self._commit(changes, "escalation begins")
        self._routed = routed

    def _first_at(self, route: Route, group: Iterable[Escalation], now: datetime) -> datetime:
        """A new incident waits with its group: for the group's first message, or for the interval after the last."""
        others = [one for one in group if self._book.has(one.incident)]
        told_at = max((one.escalated_at for one in others if one.escalated_at), default=None)
        if told_at is None and (waiting := [one.next_at for one in others if one.next_at]):
            return min(waiting)
        state = Group(began_at=now, firing=(0,), told_at=told_at)  # it has grown by this one
        return max(now, due_at(state, route))

    def _due(self, waiting: Iterable[Incident], now: datetime) -> list[list[tuple[Escalation, Incident, Step]]]:
        """The steps to take now; those of one group and step are taken together."""
        found: dict[tuple[str, str, int], list[tuple[Escalation, Incident, Step]]] = {}
        for incident in waiting:
            for known in self.known.of(incident):
                policy = self._policy(known.policy)
                if policy is None:
                    continue
                escalation = self._again(self.known.heard(known, now), now)
                if step := due_step(escalation, policy, now):
                    key = (escalation.group, escalation.policy, escalation.step)
                    found.setdefault(key, []).append((escalation, incident, step))
        return list(found.values())

    async def _take_steps(self, group: Sequence[tuple[Escalation, Incident, Step]], now: datetime) -> None:
        changes: list[Change] = []
        telling: list[tuple[Escalation, Incident]] = []
        for escalation, incident, _step in group:
            silence = silenced_by(self.known.silences.values(), await self.labels(incident), now)
            if (window := self._maintenance.of(incident.ci)) is not None:
                why, end = window
                words = f"nobody, in maintenance until {end:%Y-%m-%dT%H:%M:%SZ}: {why.window.title} ({why.by})"
                changes += [_put(silenced(escalation, why.id, end)), _noted(incident, now, words)]
            elif silence is not None:
                held = silenced(escalation, silence.id, silence.end)
                words = f"nobody, silenced by {silence.by} until {silence.end:%Y-%m-%dT%H:%M:%SZ}: {silence.reason}"
                changes += [_put(held), _noted(incident, now, words)]
            else:
                telling.append((escalation, incident))
        if telling:
            changes += await self._telling(telling, group[0][2], now)
        await self._commit(changes, "escalation")

    async def _telling(self, telling: Sequence[tuple[Escalation, Incident]], step: Step, now: datetime) -> list[Change]:
        people = {person.name: person for target in step.targets for person in self._roster.people_of(target, now)}
        incidents = [incident for _escalation, incident in telling]
        first, number = telling[0][0], telling[0][0].taken + 1
        places = {one.number: place_of(await self.labels(one)) for one in incidents}
        text = text_of(incidents, places, self._acknowledge(), now)
        priority = min(one.priority for one in incidents)
        step_id = f"{first.id}/{first.opening}/{number}"
        blank = Delivery(
            id=step_id,
            incident=incidents[0].number,
            incidents=tuple(one.number for one in incidents),
            person="",
            title=title_of(incidents),
            text=text,
            created_at=now,
        )
        changes: list[Change] = [
            Put(Kind.DELIVERY, addressed(blank, f"{step_id}/{person.name}", person, priority), 0)
            for person in people.values()
        ]
        names = ", ".join(sorted(people)) or f"nobody: no one is on call for {', '.join(step.targets)}"
        if not people:
            _log.warning("nobody is on call for %s: INC-%s", ", ".join(step.targets), incidents[0].number)
        for escalation, incident in telling:
            policy = self._policy(escalation.policy)
            assert policy is not None
            changes.append(_put(advanced(escalation, policy, now)))
            changes.append(_noted(incident, now, f"{names} (step {number} of {policy.name})"))
        return changes

    # Knowing

    async def labels(self, incident: Incident) -> dict[str, str]:
        """What routes and silences see of an incident."""
        ci = await self._ledger.get(Kind.CI, incident.ci) if incident.ci else None
        host = await self._ledger.get(Kind.CI, ci["host"]) if ci is not None and ci.get("host") else None
        return labels_of(incident, ci, host)

    def _policy(self, name: str) -> EscalationPolicy | None:
        return self._roster.directory.policies.get(name)

    def _again(self, escalation: Escalation, now: datetime) -> Escalation:
        """One that has been through all rounds begins anew after the route's repeat interval."""
        if escalation.next_at is not None or escalation.escalated_at is None:
            return escalation
        route = route_named(self._roster.directory.route, escalation.route)
        repeat_s = route.repeat_interval_s if route is not None else ROOT.repeat_interval_s
        if now < escalation.escalated_at + timedelta(seconds=repeat_s or 0):
            return escalation
        return msgspec.structs.replace(escalation, step=0, round=0, next_at=now)

    def _wait_s(self) -> float:
        now = self._clock.now()
        open_ = {incident.number for incident in self._book if advances(incident)}
        dues = [one.next_at for one in self.known.escalations.values() if one.next_at and one.incident in open_]
        # What is due and still there has no policy any more: nothing can be done about it now.
        return min([LONGEST_WAIT_S, *((due - now).total_seconds() for due in dues if due > now)])

    async def _commit(self, changes: Sequence[Change], reason: str, actor: str = ACTOR) -> None:
        done = await self._ledger.commit(changes, actor=actor, reason=reason) if changes else None
        self.known.take(done.deltas if done else ())
        self._book.take(done.deltas if done else ())


def _put(escalation: Escalation) -> Put:
    return Put(Kind.ESCALATION, escalation, escalation.version)


def _noted(incident: Incident, now: datetime, words: str) -> Put:
    return Put(Kind.INCIDENT, told(incident, now, words), incident.version)
