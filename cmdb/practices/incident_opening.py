"""How an incident begins: of itself from trouble, by hand, or again. Not whether it does: `incident_plan`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from cmdb.model.effect import Effect
from cmdb.model.incident import Incident, TimelineEntry
from cmdb.practices.correlation import Trouble
from cmdb.practices.incident import HUB, reopened
from cmdb.practices.incident_state import State
from cmdb.practices.incident_weight import Policy, weights
from cmdb.practices.priority import due, impact_of

BY_HAND = "hand:"  # what the key of an incident begins with that is like no other


@dataclass(frozen=True)
class Past:
    """An incident that is over, with what it was made of, by check."""

    incident: Incident
    effects: Mapping[str, Effect] = field(default_factory=dict)

    @property
    def ended_at(self) -> datetime:
        return self.incident.resolved_at or self.incident.closed_at or self.incident.opened_at

    def knew(self, trouble: Trouble) -> bool:
        """Whether this very trouble was there already when it was ended: a person said that it is over."""
        known = self.effects.get(trouble.check)
        lasted = known is not None and known.recovered_at is None
        return self.incident.merged_into is None and lasted and trouble.since <= self.ended_at

    def may_reopen(self, now: datetime, within: timedelta) -> bool:
        return self.incident.state == State.RESOLVED and now - self.ended_at <= within


def opened(number: int, trouble: Trouble, now: datetime, before: Past | None) -> Incident:
    """A new incident, not weighed yet; `before` is the newest of its key."""
    follows = f"; follows INC-{before.incident.number}" if before else ""
    words = trouble.text or f"{trouble.name or trouble.check}: {trouble.severity}"
    return Incident(
        id=str(number),
        number=number,
        title=trouble.title,
        priority=5,
        impact=3,
        urgency=3,
        ci=trouble.ci or None,
        check=None if trouble.labels else trouble.check,
        key=trouble.key,
        opened_at=now,
        affected=1,
        links=() if before is None else (before.incident.number,),
        timeline=(TimelineEntry(at=now, who=HUB, what="opened", text=f"{words}{follows}"),),
        labels=dict(trouble.labels),
    )


def opened_again(past: Past, trouble: Trouble, now: datetime, policy: Policy) -> tuple[Incident, list[Effect]]:
    """The same incident, to be answered anew, and those of its effects that were still bad: they ended with it."""
    words = f"{trouble.name or trouble.check}: {trouble.severity}"
    again = reopened(past.incident, HUB, now, words)
    again = msgspec.structs.replace(again, respond_due=due(now, again.priority, policy.respond_minutes))
    ended = [one for one in past.effects.values() if one.recovered_at is None]
    return again, [msgspec.structs.replace(one, recovered_at=now) for one in ended]


def opened_by_hand(
    number: int,
    policy: Policy,
    now: datetime,
    *,
    title: str,
    ci: str | None,
    impact: int | None,
    urgency: int | None,
    who: str,
    text: str = "",
    key: str = "",
) -> Incident:
    """An incident that a person or another system reports; impact comes from the services of its CI if not said.

    Without a key it is like no other.
    """
    reached = policy.stakes.reached([ci] if ci else [], [], [])
    weight = weights(
        policy, now, impact or impact_of(reached.criticalities, policy.default_impact), urgency or 2, reached
    )
    return Incident(
        id=str(number),
        number=number,
        title=title,
        ci=ci,
        key=key or f"{BY_HAND}{number}",
        opened_at=now,
        services=reached.services,
        overridden=bool(impact and urgency),
        timeline=(TimelineEntry(at=now, who=who, what="opened", text=text),),
        **weight,
    )
