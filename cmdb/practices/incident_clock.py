"""The clocks of an incident: replayed from its timeline under what is agreed about the services that it touches.

The strictest agreement counts. Not who is called when time runs out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from cmdb.model.incident import Incident, TimelineEntry
from cmdb.practices.calendar import Calendar
from cmdb.practices.clock import Clock, ClockEvent, Fired, Goal, Running, Target, replay, thresholds
from cmdb.practices.duration import spoken

ACTOR = "hub"
_STATE_AFTER = {
    "acknowledged": "acknowledged",
    "put on hold": "on_hold",
    "resumed": "in_progress",
    "resolved": "resolved",
    "closed": "closed",
    "merged": "closed",
    "reopened": "new",
    "re-armed": "new",
}
_UNANSWERED = frozenset({"opened", "reopened", "re-armed"})


class Commitment(msgspec.Struct, frozen=True, kw_only=True):
    """What one agreement asks for, by priority. One within the house counts from when it was attached."""

    agreement: str
    hours: Calendar
    respond_minutes: Mapping[int, int] = {}
    resolve_minutes: Mapping[int, int] = {}
    pauses: frozenset[str] = frozenset()
    from_creation: bool = True
    attached_at: datetime | None = None

    def target(self, goal: Goal, priority: int) -> Target | None:
        minutes = (self.respond_minutes if goal is Goal.RESPOND else self.resolve_minutes).get(priority)
        if minutes is None:
            return None
        return Target(
            goal=goal,
            time_s=minutes * 60.0,
            hours=self.hours,
            pauses=self.pauses,
            from_creation=self.from_creation,
        )


class AgreedClock(msgspec.Struct, frozen=True):
    """A clock and the agreement that it is of."""

    agreement: str
    clock: Clock
    reached: Mapping[float, datetime]  # thresholds, as shares of the time


def events_of(incident: Incident) -> list[ClockEvent]:
    """The timeline as a clock sees it, without the opening."""
    return list(_events(incident.timeline))


def clocks_of(incident: Incident, commitments: Sequence[Commitment], usual: Commitment) -> list[AgreedClock]:
    """The clock of each goal that each agreement sets; where none does, the house's usual one."""
    found: list[AgreedClock] = []
    for goal in Goal:
        agreed = [one for one in commitments if one.target(goal, incident.priority)] or [usual]
        found.extend(_clock(incident, one, goal) for one in agreed if one.target(goal, incident.priority))
    return found


def timed(incident: Incident, commitments: Sequence[Commitment], usual: Commitment) -> Incident:
    """The incident with the due times that follow from its timeline; a goal that was reached keeps its last one."""
    clocks = clocks_of(incident, commitments, usual)
    respond, resolve = ([one.clock for one in clocks if one.clock.target.goal is goal] for goal in Goal)
    return msgspec.structs.replace(
        incident,
        respond_due=_due(respond, incident.respond_due),
        resolve_due=_due(resolve, incident.resolve_due),
    )


def warned(incident: Incident, commitments: Sequence[Commitment], usual: Commitment, now: datetime) -> Incident:
    """The incident with a line on its timeline for each share of the time that has passed and was not told yet."""
    told, lines = dict(incident.warned), []
    for one in clocks_of(incident, commitments, usual):
        name = f"{one.clock.target.goal} {one.agreement}"
        before = Fired({share: told[key] for share in one.reached if (key := _key(name, share)) in told})
        fired, due = before.step(one.reached, now)
        for share in one.reached:
            told.pop(_key(name, share), None)
        told |= {_key(name, share): at for share, at in fired.moments.items()}
        if due and one.clock.running is Running.RUNNING:
            lines.append(TimelineEntry(at=now, who=ACTOR, what="clock", text=_words(one, max(due))))
    return msgspec.structs.replace(incident, warned=told, timeline=(*incident.timeline, *lines))


def _clock(incident: Incident, commitment: Commitment, goal: Goal) -> AgreedClock:
    target = commitment.target(goal, incident.priority)
    assert target is not None
    began, events = incident.opened_at, events_of(incident)
    if goal is Goal.RESPOND:
        began = [incident.opened_at, *(entry.at for entry in incident.timeline if entry.what in _UNANSWERED)][-1]
        events = [event for event in events if event.at >= began]
    clock = replay(target, began, events, commitment.attached_at)
    return AgreedClock(commitment.agreement, clock, thresholds(target, began, events, commitment.attached_at))


def _events(timeline: Sequence[TimelineEntry]) -> Iterator[ClockEvent]:
    state, reason, assignee = "new", "", ""
    for entry in timeline:
        if entry.what == "assigned":
            assignee = entry.text.removeprefix("to ").partition(":")[0]
            state = state if state in {"in_progress", "on_hold"} else "in_progress"
        elif entry.what in _STATE_AFTER:
            state = _STATE_AFTER[entry.what]
            reason = entry.text if state == "on_hold" else ""
            assignee = "" if state == "new" else assignee or entry.who
        else:
            continue
        yield ClockEvent(entry.at, state, reason, assignee)


def _due(clocks: Sequence[Clock], last: datetime | None) -> datetime | None:
    """The earliest; the last one known once all have stopped; None while all that run are paused."""
    running = [clock for clock in clocks if clock.running is not Running.STOPPED]
    if not running:
        return last
    return min((clock.due for clock in running if clock.due is not None), default=None)


def _words(one: AgreedClock, share: float) -> str:
    target, due = one.clock.target, one.clock.due
    until = "" if due is None else f", due {due:%Y-%m-%dT%H:%M:%SZ}"
    passed = "all" if share >= 1 else f"{share:.0%}"
    time = f"{spoken(target.time_s)} to {target.goal} ({one.agreement})"
    return f"{passed} of the {time} passed{until}; it waits for {one.clock.waits_for}"


def _key(name: str, share: float) -> str:
    return f"{name} {share:g}"
