"""How grave an incident is: impact, urgency, priority and due times, from what stands on it. Not what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cmdb.model.incident import Incident
from cmdb.practices.correlation import down_by, shared_ci
from cmdb.practices.incident import weighed
from cmdb.practices.incident_effects import Effects
from cmdb.practices.priority import Matrix, due, impact_of, priority_of, urgency_of


@dataclass(frozen=True)
class Reached:
    """The services that some CIs carry, their criticalities, and what is agreed by priority (the strictest).

    `redundancy_left`: what is redundant holds all of them up still.
    """

    services: tuple[str, ...] = ()
    criticalities: tuple[int, ...] = ()
    respond_minutes: Mapping[int, int] = field(default_factory=dict)
    resolve_minutes: Mapping[int, int] = field(default_factory=dict)
    redundancy_left: bool = False


@dataclass(frozen=True)
class Stakes:
    """What depends on what, as the graph knows it.

    `reached(cis, down, elsewhere)` finds the services that CIs carry, and that stand on those of them that are
    `down`, others being down `elsewhere`; `explains(down, ci)` says whether that CI goes down with those.
    """

    reached: Callable[[Iterable[str], Iterable[str], Collection[str]], Reached] = lambda *_: Reached()
    explains: Callable[[Collection[str], str], bool] = lambda *_: True


@dataclass(frozen=True)
class Policy:
    """How incidents are weighed and timed here."""

    matrix: Matrix
    default_impact: int
    respond_minutes: Sequence[int]
    resolve_minutes: Sequence[int]
    hold_down: timedelta
    reopen_within: timedelta
    stakes: Stakes = Stakes()


def weigh(incident: Incident, effects: Effects, policy: Policy, now: datetime, down: Collection[str]) -> Incident:
    """The incident with the services and the weight that follow from its effects; `down` is all that is down now."""
    reached = policy.stakes.reached(cis_of(incident, effects), down_by(incident, effects), down)
    left = reached.redundancy_left
    why = "no redundancy is left" if incident.redundancy_left and not left else ""
    services = tuple(sorted({*incident.services, *reached.services}))
    incident = msgspec.structs.replace(incident, services=services, redundancy_left=left)
    if incident.overridden:
        return incident
    # While it is open it only gets worse: a part that recovers does not make the rest less urgent.
    severities = [effect.severity for effect in effects.lasting.values() if effect.recovered_at is None]
    urgency = min((urgency_of(severity, redundancy_left=left) for severity in severities), default=3)
    impact = impact_of(reached.criticalities, policy.default_impact)
    if incident.version:
        impact, urgency = min(impact, incident.impact), min(urgency, incident.urgency)
    return weighed(incident, now, why=why, **weights(policy, incident.opened_at, impact, urgency, reached))


def weighed_by_hand(incident: Incident, effects: Effects, policy: Policy, impact: int, urgency: int) -> dict[str, Any]:
    """The weight of an incident whose impact and urgency a person sets."""
    reached = policy.stakes.reached(cis_of(incident, effects), down_by(incident, effects), [])
    return weights(policy, incident.opened_at, impact, urgency, reached)


def weights(policy: Policy, opened_at: datetime, impact: int, urgency: int, reached: Reached) -> dict[str, Any]:
    """Impact and urgency with the priority and due times that follow from them."""
    priority = priority_of(impact, urgency, policy.matrix)
    return {
        "impact": impact,
        "urgency": urgency,
        "priority": priority,
        "respond_due": due(opened_at, priority, _agreed(policy.respond_minutes, reached.respond_minutes)),
        "resolve_due": due(opened_at, priority, _agreed(policy.resolve_minutes, reached.resolve_minutes)),
    }


def cis_of(incident: Incident, effects: Effects) -> set[str]:
    """The CIs that an incident is about now."""
    return effects.cis | {ci for ci in (incident.ci, shared_ci(incident.key)) if ci}


def _agreed(usual: Sequence[int], agreed: Mapping[int, int]) -> list[int]:
    """Minutes by priority: the agreement's where it says, else the configuration's."""
    return [agreed.get(priority, minutes) for priority, minutes in enumerate(usual, 1)]
