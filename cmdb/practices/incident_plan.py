"""What one look at the checks makes of the open incidents: joined, opened, recovered, folded, weighed. Pure.

A plan is filled step by step (`recover`, `place`, `fold`, `weigh`), then read: `changed` are the incidents to write.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec

from cmdb.model.incident import Effect, Incident, TimelineEntry
from cmdb.practices.correlation import (
    Board,
    Placed,
    Standing,
    Trouble,
    Verdict,
    as_impact,
    explained_by,
    held_back,
    shared_ci,
)
from cmdb.practices.incident import (
    LASTING,
    joined,
    merged,
    noted,
    rearmed,
    recovered,
    reopened,
    took_over,
    unwell,
    weighed,
    worsened,
)
from cmdb.practices.incident_state import State
from cmdb.practices.priority import Matrix, due, impact_of, priority_of, urgency_of

ACTOR = "hub"


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


class Plan:
    """Starts from the open incidents; `next_number` is what the next new one gets; `known`: what was read of them."""

    def __init__(
        self,
        incidents: Iterable[Incident],
        next_number: int,
        policy: Policy,
        now: datetime,
        known: Mapping[int, Standing] = MappingProxyType({}),
    ) -> None:
        self.next_number = next_number
        self.changed: dict[int, Incident] = {}
        self.held: dict[str, tuple[str, ...]] = {}  # by check of what cannot be reached, what is in the way
        self._open = {incident.number: incident for incident in incidents}
        self._board_now: Board | None = None
        self._joins: dict[int, list[Effect]] = {}
        self._went_down: dict[int, list[str]] = {}
        self._policy, self._now, self._standings = policy, now, known

    def __getitem__(self, number: int) -> Incident:
        return self._open[number]

    @property
    def went_down(self) -> set[str]:
        """The CIs that are down from now on, according to an incident."""
        return {ci for cis in self._went_down.values() for ci in cis}

    @property
    def may_fold(self) -> bool:
        """Whether anything went down that others may depend on."""
        return bool(self._went_down) and len(self._open) > 1

    @property
    def open(self) -> Iterable[Incident]:
        return list(self._open.values())

    def recover(self, checks: Collection[str]) -> None:
        """These checks are well; of those that are part of no incident nothing is said."""
        numbers = {number for check in checks if (number := self._board.number_of(check)) is not None}
        for incident in [self._open[number] for number in sorted(numbers)]:
            after = recovered(incident, self._now, checks)
            if after is not incident:
                self._put(after)
                self._board_now = None  # what it was down for is no reason any more

    def worsen(self, number: int, check: str, severity: str) -> None:
        """A check of an open incident is bad in another way."""
        known = next((effect for effect in self._open[number].effects if effect.check == check), None)
        if known is not None and known.severity != severity:
            self._put(worsened(self._open[number], self._now, check, severity))

    def flap(self, number: int, check: str) -> None:
        """A check of an open incident comes and goes: once, whoever acknowledged it is asked anew."""
        words = f"{check} is flapping"
        incident = self._open[number]
        if not any(entry.what == "re-armed" and entry.text.startswith(words) for entry in incident.timeline):
            after = rearmed(incident, self._now, words)
            if after is not incident:
                self._put(after)

    def place(self, trouble: Trouble, finished: Incident | None = None) -> None:
        """Find where this trouble belongs; `finished` is the newest incident of its key that is over."""
        placed = self._board.place(trouble, _words(self._policy.hold_down), self._policy.stakes.explains)
        match placed.verdict:
            case Verdict.KNOWN:
                self._known(placed, trouble)
            case Verdict.JOIN:
                assert placed.number is not None
                self._join(placed.number, placed.effect)
            case Verdict.HELD:
                self.held[trouble.check] = trouble.blocked_by
            case Verdict.OPEN if finished is None:
                self._new(trouble, placed.effect, None)
            case Verdict.OPEN if _called_over(finished, trouble):
                pass  # a person said that it is over while it was as it is: it has to get well or worse first
            case Verdict.OPEN if (
                finished.state == State.RESOLVED and self._now - _over(finished) <= self._reopen_within
            ):
                self._reopen(finished, placed.effect)
            case Verdict.OPEN:
                self._new(trouble, placed.effect, finished)

    def finish_joins(self) -> None:
        """One step of the timeline for all that joined an incident now."""
        for number, effects in self._joins.items():
            before = self._open[number]
            known = {effect.ci for effect in before.effects if effect.role in LASTING}
            after = joined(before, self._now, effects)
            if any(effect.role in LASTING and effect.ci not in known for effect in effects):
                after = rearmed(after, self._now, "another CI is affected")
            self._put(after, on_board=True)
        self._joins = {}

    def fold(self, upstream: Mapping[str, Mapping[str, str]]) -> None:
        """Incidents that depend on what went down just now were its impact all along."""
        down = {ci: number for number, cis in self._went_down.items() for ci in cis}
        for other in self.open if down else ():
            for ci in sorted(explained_by(other, upstream) & down.keys()):
                number = down[ci]
                if number != other.number and number in self._open and self._goes_down_with(other):
                    self._fold_one(other, number, ci, upstream)
                    break

    def weigh(self) -> None:
        """Services, impact, urgency and due times of what changed; a higher priority asks for an answer anew."""
        for incident in list(self.changed.values()):
            if incident.state not in {State.RESOLVED, State.CLOSED}:
                self._put(self._weighed(incident))
        for incident in self.open if self._went_down else ():
            if incident.redundancy_left and (after := self._weighed(incident)) != incident:
                self._put(after)  # what held it up is gone, too

    @property
    def _board(self) -> Board:
        if self._board_now is None:
            self._board_now = Board(self._open.values(), self._standings)
        return self._board_now

    @property
    def _reopen_within(self) -> timedelta:
        return self._policy.reopen_within

    def note(self, number: int, who: str, text: str) -> None:
        """Somebody said something about an open incident."""
        self._put(noted(self._open[number], who, self._now, text))

    def _known(self, placed: Placed, trouble: Trouble) -> None:
        assert placed.number is not None
        effects = self._open[placed.number].effects
        effect = next((one for one in effects if one.check == placed.effect.check), None)
        if effect is None:
            self._say_again(placed.number, placed.effect)
        elif effect.recovered_at is not None:
            again = msgspec.structs.replace(placed.effect, role=effect.role, why=effect.why)
            self._join(placed.number, again)
        elif effect.severity != placed.effect.severity:
            self.worsen(placed.number, effect.check, placed.effect.severity)
        elif trouble.labels:
            self.note(placed.number, ACTOR, f"reported again: {trouble.title}")

    def _say_again(self, number: int, effect: Effect) -> None:
        """One that joins just now was told of twice at once: the last word on how bad it is counts."""
        self._joins[number] = [
            msgspec.structs.replace(one, severity=effect.severity) if one.check == effect.check else one
            for one in self._joins.get(number, ())
        ]

    def _join(self, number: int, effect: Effect) -> None:
        self._joins.setdefault(number, []).append(effect)
        self._note_down(number, effect)
        self._board.add(number, effect)

    def _new(self, trouble: Trouble, effect: Effect, finished: Incident | None) -> None:
        number = self.next_number
        self.next_number += 1
        follows = f"; follows INC-{finished.number}" if finished else ""
        words = trouble.text or f"{trouble.check} {trouble.severity}"
        opening = TimelineEntry(at=self._now, who=ACTOR, what="opened", text=f"{words}{follows}")
        blank = Incident(
            id=str(number),
            number=number,
            title=trouble.title,
            priority=5,
            impact=3,
            urgency=3,
            ci=trouble.ci or None,
            check=None if trouble.labels else trouble.check,
            key=trouble.key,
            opened_at=self._now,
            effects=(effect,),
            links=() if finished is None else (finished.number,),
            timeline=(opening,),
            labels=dict(trouble.labels),
        )
        self._open[number] = blank
        self._note_down(number, effect)
        self._put(blank)

    def _reopen(self, finished: Incident, effect: Effect) -> None:
        again = reopened(finished, ACTOR, self._now, f"{effect.check} {effect.severity}")
        minutes = self._policy.respond_minutes
        again = msgspec.structs.replace(again, respond_due=due(self._now, again.priority, minutes))
        effects = tuple(
            msgspec.structs.replace(one, recovered_at=one.recovered_at or self._now) for one in again.effects
        )
        self._put(msgspec.structs.replace(again, effects=effects))
        self._join(again.number, effect)

    def _fold_one(self, other: Incident, number: int, cause: str, upstream: Mapping[str, Mapping[str, str]]) -> None:
        def why(ci: str) -> str:
            how = upstream.get(ci, {}).get(cause, "it is about the same CI")
            return held_back(how, number, _words(self._policy.hold_down))

        self._put(took_over(self._open[number], ACTOR, self._now, other, as_impact(other.effects, why)))
        self._put(merged(other, ACTOR, self._now, number, why(other.ci or "")))

    def _weighed(self, incident: Incident) -> Incident:
        policy = self._policy
        reached = policy.stakes.reached(cis_of(incident), down_of(incident), self._board.down)
        left = reached.redundancy_left
        why = "no redundancy is left" if incident.redundancy_left and not left else ""
        incident = msgspec.structs.replace(
            incident, services=tuple(sorted({*incident.services, *reached.services})), redundancy_left=left
        )
        if incident.overridden:
            return incident
        # While it is open it only gets worse: a part that recovers does not make the rest less urgent.
        severities = [effect.severity for effect in unwell(incident) if effect.role in LASTING]
        urgency = min((urgency_of(severity, redundancy_left=left) for severity in severities), default=3)
        impact = impact_of(reached.criticalities, policy.default_impact)
        if incident.version:
            impact, urgency = min(impact, incident.impact), min(urgency, incident.urgency)
        return weighed(incident, self._now, why=why, **weights(policy, incident.opened_at, impact, urgency, reached))

    def _goes_down_with(self, other: Incident) -> bool:
        """Whether what else is down takes down all that this incident is about, redundant as it may be."""
        down = self._board.down - down_of(other)
        causes = {effect.ci for effect in other.effects if effect.role in LASTING}
        return all(self._policy.stakes.explains(down, ci) for ci in causes)

    def _note_down(self, number: int, effect: Effect) -> None:
        """Remember what may be the cause of others: also what is wrong with something short of being down."""
        if effect.down and effect.role in LASTING and not self._board.is_down(effect.ci):
            shared = shared_ci(self._open[number].key)
            self._went_down.setdefault(number, []).extend({effect.ci, shared or effect.ci})

    def _put(self, incident: Incident, *, on_board: bool = False) -> None:
        """The incident is like this now. `on_board`: what it is made of is there already."""
        before = self._open.get(incident.number)
        if incident.state in {State.RESOLVED, State.CLOSED}:
            self._open.pop(incident.number, None)
            self._board_now = None
        else:
            self._open[incident.number] = incident
            same = before is not None and before.effects is incident.effects and incident.number in self.changed
            if self._board_now is not None and not same and not on_board:
                self._board_now.take(incident)
        self.changed[incident.number] = incident


def cis_of(incident: Incident) -> set[str]:
    """The CIs that an incident is about now."""
    named = {ci for ci in (incident.ci, shared_ci(incident.key)) if ci}
    return {effect.ci for effect in unwell(incident) if effect.ci} | named


def down_of(incident: Incident) -> set[str]:
    """Those of its CIs that are out of service as its cause."""
    down = {effect.ci for effect in unwell(incident) if effect.down and effect.role in LASTING}
    return down | {ci for ci in (shared_ci(incident.key),) if ci and down}


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
    text: str,
    key: str,
) -> Incident:
    """An incident that a person or another system reports; impact comes from the services of its CI if not said."""
    reached = policy.stakes.reached([ci] if ci else [], [], [])
    weight = weights(
        policy, now, impact or impact_of(reached.criticalities, policy.default_impact), urgency or 2, reached
    )
    return Incident(
        id=str(number),
        number=number,
        title=title,
        ci=ci,
        key=key,
        opened_at=now,
        services=reached.services,
        overridden=bool(impact and urgency),
        timeline=(TimelineEntry(at=now, who=who, what="opened", text=text),),
        **weight,
    )


def _agreed(usual: Sequence[int], agreed: Mapping[int, int]) -> list[int]:
    """Minutes by priority: the agreement's where it says, else the configuration's."""
    return [agreed.get(priority, minutes) for priority, minutes in enumerate(usual, 1)]


def _over(finished: Incident) -> datetime:
    return finished.resolved_at or finished.closed_at or finished.opened_at


def _called_over(finished: Incident, trouble: Trouble) -> bool:
    """Whether this very trouble was there already when the incident was ended."""
    lasted = any(effect.check == trouble.check and effect.recovered_at is None for effect in finished.effects)
    return finished.merged_into is None and lasted and trouble.since <= _over(finished)


def _words(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
