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
from cmdb.hub.incident_book import IncidentBook
from cmdb.hub.ledger import Ledger
from cmdb.hub.maintenance_watch import MaintenanceWatch
from cmdb.hub.roster import Roster
from cmdb.hub.stirred import stirred
from cmdb.model.change import Change, Delta, Put
from cmdb.model.escalation import Delivery, Escalation
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.model.oncall import Person
from cmdb.model.silence import Silence
from cmdb.practices.delivery import quiet_until
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
from cmdb.practices.routing import ROOT, Route, group_key, routes_of
from cmdb.practices.silence import silenced_by
from cmdb.practices.telling import labels_of, text_of, title_of
from cmdb.store.protocol import StaleVersion, Store, StoreError

ACTOR = "hub"
LONGEST_WAIT_S = 5.0  # rotations hand off, wall clocks are set
RETRY_S = 1.0
PREVIEWED_STEPS = 20
_log = logging.getLogger(__name__)


class EscalationDesk:
    """Follows incidents, escalations and silences. `acknowledge` is the command to say, with `{number}` in it."""

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
        self._ledger, self._clock, self._book, self._roster = ledger, clock, book, roster
        self._acknowledge = acknowledge
        self.escalations: dict[str, Escalation] = {}
        self.silences: dict[str, Silence] = {}
        self._stirred = asyncio.Event()

    # Following

    async def load(self, store: Store) -> None:
        self.escalations = {one["id"]: msgspec.convert(one, Escalation) for one in await store.find(Kind.ESCALATION)}
        self.silences = {one["id"]: msgspec.convert(one, Silence) for one in await store.find(Kind.SILENCE)}

    async def apply(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if delta.kind is Kind.INCIDENT:
                self._stirred.set()
            elif delta.kind is Kind.ESCALATION:
                self._take(delta)
                self._stirred.set()
            elif delta.kind is Kind.SILENCE:
                self.silences.pop(delta.id, None)
                if delta.body is not None:
                    self.silences[delta.id] = msgspec.convert(delta.body, Silence)
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

    async def hasten(self, incident: Incident, *, actor: str, as_of: datetime | None = None) -> bool:
        """Take the next step of an incident now; whether there is one. Raises `EscalatedSince`, `StaleVersion`."""
        if not advances(incident):
            return False
        now = self._clock.now()
        found = self._of(incident)
        changes: list[Change] = [_put(hastened(one, now, as_of)) for one in found]
        if changes:
            words = "the next step now" if as_of is None else f"the next step now, as of {as_of:%Y-%m-%dT%H:%M:%SZ}"
            changes.append(Put(Kind.INCIDENT, escalated(incident, actor, now, words), incident.version))
        await self._commit(changes, "escalated by hand", actor)
        self._stirred.set()
        return bool(found)

    async def preview(self, incident: Incident) -> dict[str, Any]:
        """Who is told of this incident, when and why, if nobody acknowledges; nothing is written."""
        now = self._clock.now()
        labels = await self.labels(incident)
        silence = silenced_by(self.silences.values(), labels, now)
        return {
            "number": incident.number,
            "advances": advances(incident),
            "labels": labels,
            "silenced_until": None if silence is None else silence.end,
            "silenced_because": None if silence is None else f"{silence.reason} ({silence.by})",
            "routes": [
                self._preview_route(incident, route, now) for route in routes_of(self._roster.directory.route, labels)
            ],
        }

    def _preview_route(self, incident: Incident, route: Route, now: datetime) -> dict[str, Any]:
        policy = self._policy(route.policy or "")
        known = next((one for one in self._of(incident) if one.route == route.name), None)
        walked: list[dict[str, Any]] = []
        if policy is not None:
            escalation = known or begun(incident, policy, now + timedelta(seconds=route.group_wait_s or 0), route.name)
            while escalation.next_at is not None and len(walked) < PREVIEWED_STEPS:
                at = max(now, escalation.next_at)
                step = policy.steps[escalation.step]
                walked.append({"at": at, "targets": [self._preview_target(one, incident, at) for one in step.targets]})
                escalation = advanced(escalation, policy, at)
        why = ", ".join(map(str, route.matchers)) or "it takes what no other route takes"
        return {"route": route.name, "because": why, "policy": route.policy, "steps": walked}

    def _preview_target(self, target: str, incident: Incident, at: datetime) -> dict[str, Any]:
        return {
            "target": target,
            "people": [
                {
                    "name": person.name,
                    "quiet_until": quiet_until(person, incident.priority, at),
                    "channels": [one.name for one in person.channels],
                }
                for person in self._roster.people_of(target, at)
            ],
        }

    # Working

    async def work(self) -> None:
        """Begin what is new, take the steps that are due."""
        now = self._clock.now()
        waiting = [incident for incident in self._book if advances(incident)]
        await self._begin(waiting, now)
        for group in self._due(waiting, now):
            await self._take_steps(group, now)

    async def _begin(self, waiting: Iterable[Incident], now: datetime) -> None:
        changes: list[Change] = []
        begun_now: list[Escalation] = []
        for incident in waiting:
            labels = await self.labels(incident)
            for route in routes_of(self._roster.directory.route, labels):
                known = self.escalations.get(f"{incident.id}/{route.name}")
                policy = self._policy(route.policy or "")
                if policy is None or (known is not None and known.opening == opening_of(incident)):
                    continue
                group = group_key(route, labels, incident.number)
                at = self._first_at(group, route, [*self.escalations.values(), *begun_now], now)
                fresh = begun(incident, policy, at, route.name, group)
                begun_now.append(fresh)
                changes.append(Put(Kind.ESCALATION, fresh, 0 if known is None else known.version))
        await self._commit(changes, "escalation begins")

    def _first_at(self, group: str, route: Route, known: Iterable[Escalation], now: datetime) -> datetime:
        """A new incident waits with its group: for the group's first message, or for the interval after the last."""
        open_ = {incident.number for incident in self._book}
        others = [one for one in known if one.group == group and one.incident in open_]
        told_at = max((one.escalated_at for one in others if one.escalated_at), default=None)
        if told_at is None and (waiting := [one.next_at for one in others if one.next_at]):
            return min(waiting)
        state = Group(began_at=now, firing=(0,), told_at=told_at)  # it has grown by this one
        return max(now, due_at(state, route))

    def _due(self, waiting: Iterable[Incident], now: datetime) -> list[list[tuple[Escalation, Incident, Step]]]:
        """The steps to take now; those of one group and step are taken together."""
        found: dict[tuple[str, str, int], list[tuple[Escalation, Incident, Step]]] = {}
        for incident in waiting:
            for known in self._of(incident):
                policy = self._policy(known.policy)
                if policy is None:
                    continue
                escalation = self._again(self._heard(known, now), now)
                if step := due_step(escalation, policy, now):
                    key = (escalation.group, escalation.policy, escalation.step)
                    found.setdefault(key, []).append((escalation, incident, step))
        return list(found.values())

    async def _take_steps(self, group: Sequence[tuple[Escalation, Incident, Step]], now: datetime) -> None:
        changes: list[Change] = []
        telling: list[tuple[Escalation, Incident]] = []
        for escalation, incident, _step in group:
            silence = silenced_by(self.silences.values(), await self.labels(incident), now)
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
        places = {one.number: (await self.labels(one))["ci"] for one in incidents}
        text = text_of(incidents, places, self._acknowledge(), now)
        priority = min(one.priority for one in incidents)
        changes: list[Change] = [
            Put(Kind.DELIVERY, self._delivery(person, first, incidents, text, priority, now), 0)
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

    def _delivery(
        self,
        person: Person,
        escalation: Escalation,
        incidents: Sequence[Incident],
        text: str,
        priority: int,
        now: datetime,
    ) -> Delivery:
        quiet = quiet_until(person, priority, now)
        held = f"{now:%Y-%m-%dT%H:%M:%SZ} held back in quiet hours until {quiet:%Y-%m-%dT%H:%M:%SZ}" if quiet else ""
        return Delivery(
            id=f"{escalation.id}/{escalation.opening}/{escalation.taken + 1}/{person.name}",
            incident=incidents[0].number,
            incidents=tuple(one.number for one in incidents),
            person=person.name,
            title=title_of(incidents),
            text=text,
            created_at=now,
            next_at=quiet or now,
            receipts=(held,) if held else (),
        )

    # Knowing

    async def labels(self, incident: Incident) -> dict[str, str]:
        """What routes and silences see of an incident."""
        ci = await self._ledger.get(Kind.CI, incident.ci) if incident.ci else None
        host = await self._ledger.get(Kind.CI, ci["host"]) if ci is not None and ci.get("host") else None
        return labels_of(incident, ci, host)

    def _of(self, incident: Incident) -> list[Escalation]:
        mine = (one for one in self.escalations.values() if one.incident == incident.number)
        return [one for one in mine if one.opening == opening_of(incident)]

    def _policy(self, name: str) -> EscalationPolicy | None:
        return self._roster.directory.policies.get(name)

    def _heard(self, escalation: Escalation, now: datetime) -> Escalation:
        """An escalation whose silence was ended early goes on now."""
        silence = self.silences.get(escalation.silence or "")
        silent = silence is not None and now < silence.end
        ended = escalation.silence is not None and not silent and not self._maintenance.is_open(escalation.silence)
        return msgspec.structs.replace(escalation, silence=None, next_at=now) if ended else escalation

    def _again(self, escalation: Escalation, now: datetime) -> Escalation:
        """One that has been through all rounds begins anew after the route's repeat interval."""
        if escalation.next_at is not None or escalation.escalated_at is None:
            return escalation
        repeat_s = self._repeat_s(self._roster.directory.route, escalation.route)
        if now < escalation.escalated_at + timedelta(seconds=repeat_s):
            return escalation
        return msgspec.structs.replace(escalation, step=0, round=0, next_at=now)

    def _repeat_s(self, route: Route, name: str) -> float:
        """The repeat interval of the route of this name, else of the tree, else the usual one."""
        for child in route.routes:
            if child.name == name and child.repeat_interval_s is not None:
                return child.repeat_interval_s
        usual = ROOT.repeat_interval_s
        assert usual is not None
        return route.repeat_interval_s if route.repeat_interval_s is not None else usual

    def _wait_s(self) -> float:
        now = self._clock.now()
        open_ = {incident.number for incident in self._book if advances(incident)}
        dues = [one.next_at for one in self.escalations.values() if one.next_at and one.incident in open_]
        # What is due and still there has no policy any more: nothing can be done about it now.
        return min([LONGEST_WAIT_S, *((due - now).total_seconds() for due in dues if due > now)])

    async def _commit(self, changes: Sequence[Change], reason: str, actor: str = ACTOR) -> None:
        done = await self._ledger.commit(changes, actor=actor, reason=reason) if changes else None
        for delta in done.deltas if done else ():
            if delta.kind is Kind.ESCALATION:
                self._take(delta)
        self._book.take(done.deltas if done else ())

    def _take(self, delta: Delta) -> None:
        known = self.escalations.get(delta.id)
        if delta.body is None:
            self.escalations.pop(delta.id, None)
        elif known is None or known.version < delta.body["version"]:
            self.escalations[delta.id] = msgspec.convert(delta.body, Escalation)


def _put(escalation: Escalation) -> Put:
    return Put(Kind.ESCALATION, escalation, escalation.version)


def _noted(incident: Incident, now: datetime, words: str) -> Put:
    return Put(Kind.INCIDENT, told(incident, now, words), incident.version)
