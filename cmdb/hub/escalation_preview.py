"""Who would be told of an incident, when and why, if nobody acknowledges. Nothing is written, nobody is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cmdb.hub.escalation_book import EscalationBook
from cmdb.hub.roster import Roster
from cmdb.model.incident import Incident
from cmdb.practices.delivery import quiet_until
from cmdb.practices.escalation import advanced, advances, begun
from cmdb.practices.routing import Route, routes_of
from cmdb.practices.silence import silenced_by

MOST_STEPS = 20


def preview(
    incident: Incident, labels: Mapping[str, str], roster: Roster, book: EscalationBook, now: datetime
) -> dict[str, Any]:
    """As `incident.preview` answers it."""
    silence = silenced_by(book.silences.values(), labels, now)
    return {
        "number": incident.number,
        "advances": advances(incident),
        "labels": labels,
        "silenced_until": None if silence is None else silence.end,
        "silenced_because": None if silence is None else f"{silence.reason} ({silence.by})",
        "routes": [
            _of_route(incident, route, roster, book, now) for route in routes_of(roster.directory.route, labels)
        ],
    }


def _of_route(incident: Incident, route: Route, roster: Roster, book: EscalationBook, now: datetime) -> dict[str, Any]:
    policy = roster.directory.policies.get(route.policy or "")
    known = next((one for one in book.of(incident) if one.route == route.name), None)
    walked: list[dict[str, Any]] = []
    if policy is not None:
        escalation = known or begun(incident, policy, now + timedelta(seconds=route.group_wait_s or 0), route.name)
        while escalation.next_at is not None and len(walked) < MOST_STEPS:
            at = max(now, escalation.next_at)
            step = policy.steps[escalation.step]
            walked.append({"at": at, "targets": [_target(one, incident, roster, at) for one in step.targets]})
            escalation = advanced(escalation, policy, at)
    why = ", ".join(map(str, route.matchers)) or "it takes what no other route takes"
    return {
        "route": route.name,
        "because": why,
        "policy": route.policy,
        "steps_a_round": 0 if policy is None else len(policy.steps),
        "repeat": 0 if policy is None else policy.repeat,
        "steps": walked,
    }


def _target(target: str, incident: Incident, roster: Roster, at: datetime) -> dict[str, Any]:
    return {
        "target": target,
        "people": [
            {
                "name": person.name,
                "quiet_until": quiet_until(person, incident.priority, at),
                "channels": [one.name for one in person.channels],
            }
            for person in roster.people_of(target, at)
        ],
    }
