"""Who is told next of an incident that nobody has acknowledged, and when. Pure; a step is taken once.

A policy is steps (targets, then a delay before the next) and how often they are repeated (-1: for ever).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from cmdb.model.escalation import Escalation
from cmdb.model.incident import Incident
from cmdb.practices.incident_state import OPEN

FOR_EVER = -1


@dataclass(frozen=True)
class Step:
    """`targets` are `schedule:NAME`, `team:NAME`, `person:NAME`; after `delay_s` without an answer comes the next."""

    targets: tuple[str, ...]
    delay_s: float


@dataclass(frozen=True)
class EscalationPolicy:
    name: str
    steps: tuple[Step, ...]
    repeat: int = 0


class EscalatedSince(Exception):
    """Somebody escalated after the moment that this decision stands on."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"it has escalated since, at {at:%Y-%m-%dT%H:%M:%SZ}")
        self.at = at


def opening_of(incident: Incident) -> int:
    """How often it asked for an answer anew."""
    return incident.reopened + incident.rearmed


def begun(incident: Incident, policy: EscalationPolicy, now: datetime, route: str = "", group: str = "") -> Escalation:
    """The escalation of an incident: its first step is due at `now`."""
    return Escalation(
        id=f"{incident.id}/{route}",
        incident=incident.number,
        policy=policy.name,
        route=route,
        group=group,
        opening=opening_of(incident),
        next_at=now,
    )


def advances(incident: Incident) -> bool:
    """Only unacknowledged incidents advance."""
    return incident.state in OPEN and incident.acknowledged_at is None


def due_step(escalation: Escalation, policy: EscalationPolicy, now: datetime) -> Step | None:
    """The step to take now; None when it is not due, or all rounds are over."""
    if escalation.next_at is None or now < escalation.next_at or not policy.steps:
        return None
    return policy.steps[min(escalation.step, len(policy.steps) - 1)]


def advanced(escalation: Escalation, policy: EscalationPolicy, now: datetime) -> Escalation:
    """After the due step was taken: the delay runs, whether or not anybody was on call."""
    step = policy.steps[min(escalation.step, len(policy.steps) - 1)]
    following, round_ = escalation.step + 1, escalation.round
    if following >= len(policy.steps):
        following, round_ = 0, round_ + 1
    over = round_ > policy.repeat and policy.repeat != FOR_EVER
    return msgspec.structs.replace(
        escalation,
        step=following,
        round=round_,
        taken=escalation.taken + 1,
        escalated_at=now,
        next_at=None if over else now + timedelta(seconds=step.delay_s),
        silence=None,
    )


def hastened(escalation: Escalation, now: datetime, as_of: datetime | None = None) -> Escalation:
    """Take the next step now, on a person's word. Raises `EscalatedSince` when `as_of` is behind."""
    if as_of is not None and escalation.escalated_at is not None and escalation.escalated_at > as_of:
        raise EscalatedSince(escalation.escalated_at)
    return msgspec.structs.replace(escalation, next_at=now, silence=None)


def silenced(escalation: Escalation, silence: str, until: datetime) -> Escalation:
    """Nobody is told before the silence ends; no step is lost."""
    return msgspec.structs.replace(escalation, silence=silence, next_at=until)
