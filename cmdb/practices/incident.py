"""What happens to an incident, step by step: each function gives the incident after one step, with its timeline.

Not where trouble goes (`correlation`), nor which step follows which state (`incident_state`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cmdb.model.effect import Effect
from cmdb.model.incident import Incident, TimelineEntry
from cmdb.practices.incident_effects import LASTING
from cmdb.practices.incident_state import FINISHED, Action, NotPossible, State, after

HUB = "hub"  # who does what nobody did by hand


class AlreadyAcknowledged(Exception):
    """Somebody was first. `who` and `at` name them."""

    def __init__(self, incident: Incident) -> None:
        assert incident.acknowledged_at is not None
        self.who, self.at = incident.acknowledged_by or "", incident.acknowledged_at
        super().__init__(f"acknowledged by {self.who} at {self.at:%Y-%m-%dT%H:%M:%SZ}")


def acknowledged(incident: Incident, who: str, at: datetime, text: str = "") -> Incident:
    """Raises `AlreadyAcknowledged`, `NotPossible`."""
    if incident.acknowledged_at is not None and incident.state not in FINISHED:
        raise AlreadyAcknowledged(incident)
    state = after(incident.state, Action.ACKNOWLEDGE)
    return _step(incident, at, who, "acknowledged", text, state=state, acknowledged_at=at, acknowledged_by=who)


def noted(incident: Incident, who: str, at: datetime, text: str) -> Incident:
    return _step(incident, at, who, "note", text)


def told(incident: Incident, at: datetime, words: str) -> Incident:
    """Who was told, is to be told, or could not be."""
    return _step(incident, at, HUB, "told", words)


def escalated(incident: Incident, who: str, at: datetime, words: str) -> Incident:
    return _step(incident, at, who, "escalated", words)


def assigned(incident: Incident, who: str, at: datetime, assignee: str, text: str = "") -> Incident:
    """Taking it up is responding to it: an assignment acknowledges. Raises `NotPossible`."""
    if incident.state in FINISHED:
        raise NotPossible(State(incident.state), Action.START)
    state = incident.state if incident.state in {State.IN_PROGRESS, State.ON_HOLD} else State.IN_PROGRESS
    words = f"to {assignee}" + (f": {text}" if text else "")
    answer = _first_answer(incident, who, at)
    return _step(incident, at, who, "assigned", words, state=str(state), assignee=assignee, **answer)


def held(incident: Incident, who: str, at: datetime, reason: str) -> Incident:
    """Raises `NotPossible`."""
    state = after(incident.state, Action.HOLD)
    return _step(incident, at, who, "put on hold", reason, state=state, hold_reason=reason)


def resumed(incident: Incident, who: str, at: datetime, text: str = "") -> Incident:
    """Going on with it is responding to it, as taking it up is. Raises `NotPossible`."""
    state = after(incident.state, Action.RESUME)
    return _step(incident, at, who, "resumed", text, state=state, hold_reason=None, **_first_answer(incident, who, at))


def resolved(incident: Incident, who: str, at: datetime, text: str = "") -> Incident:
    """Ends the acknowledgement's claim; who acknowledged stays on record. Raises `NotPossible`."""
    state = after(incident.state, Action.RESOLVE)
    return _step(incident, at, who, "resolved", text, state=state, resolved_at=at, hold_reason=None)


def closed(incident: Incident, who: str, at: datetime, text: str = "") -> Incident:
    """Final. What is not resolved yet is resolved on the way. Raises `NotPossible`."""
    if incident.state not in FINISHED:
        incident = resolved(incident, who, at, text)
    return _step(incident, at, who, "closed", text, state=after(incident.state, Action.CLOSE), closed_at=at)


def reopened(incident: Incident, who: str, at: datetime, text: str) -> Incident:
    """The same incident again, to be acknowledged anew. Raises `NotPossible`."""
    return _step(
        incident,
        at,
        who,
        "reopened",
        text,
        state=after(incident.state, Action.REOPEN),
        reopened=incident.reopened + 1,
        **_UNANSWERED,
        recovered_at=None,
        resolved_at=None,
    )


def rearmed(incident: Incident, at: datetime, why: str) -> Incident:
    """It got worse: whoever acknowledged it had acknowledged something else."""
    if incident.acknowledged_at is None:
        return incident
    who = incident.acknowledged_by
    state = after(incident.state, Action.REARM)
    return _step(
        incident, at, HUB, "re-armed", f"{why}; {who} had acknowledged it",
        state=state, rearmed=incident.rearmed + 1, **_UNANSWERED,
    )  # fmt: skip


def merged(incident: Incident, who: str, at: datetime, into: int, why: str) -> Incident:
    """Closed as a part of another. Raises `NotPossible`."""
    if incident.state == State.CLOSED:
        raise NotPossible(State.CLOSED, Action.CLOSE)
    return _step(
        incident, at, who, "merged", f"into INC-{into}: {why}",
        state=State.CLOSED, merged_into=into, closed_at=at, resolved_at=incident.resolved_at or at,
    )  # fmt: skip


def took_over(incident: Incident, who: str, at: datetime, other: Incident, gained: Sequence[Effect]) -> Incident:
    """Has these effects of the other's from now on; links to it. Raises `NotPossible`."""
    if incident.state in FINISHED:
        raise NotPossible(State(incident.state), Action.START)
    fields = {
        "affected": incident.affected + len(gained),
        "links": linked(incident.links, other.number),
        "recovered_at": None if _last(gained) else incident.recovered_at,
    }
    words = f"INC-{other.number} {other.title}"
    if who == HUB and not other.acknowledged_by:
        return _gathered(incident, at, "took over", [words], **fields)
    answered = f", acknowledged by {other.acknowledged_by}" if other.acknowledged_by else ""
    return _step(incident, at, who, "took over", f"{words}{answered}", **fields)


def joined(incident: Incident, at: datetime, effects: Sequence[Effect], fresh: int) -> Incident:
    """More checks are bad and belong to it; all but the `fresh` ones it knows already, and they are bad again."""
    what = "relapsed" if not fresh else "impact" if all(one.role == "impact" for one in effects) else "also affected"
    recovered_at = None if _last(effects) else incident.recovered_at
    affected = incident.affected + fresh
    return _gathered(incident, at, what, [*map(_told, effects)], affected=affected, recovered_at=recovered_at)


def recovered(incident: Incident, at: datetime, effects: Sequence[Effect], *, over: bool) -> Incident:
    """These are well; `over`: they were the last of its causes."""
    recovered_at = (incident.recovered_at or at) if over else None
    return _gathered(incident, at, "recovered", [effect.called for effect in effects], recovered_at=recovered_at)


def worsened(incident: Incident, at: datetime, effect: Effect) -> Incident:
    """A check that is part of it is bad in another way now."""
    return _step(incident, at, HUB, "changed", f"{effect.called} is {effect.severity}")


def weighed(
    incident: Incident,
    at: datetime,
    *,
    impact: int,
    urgency: int,
    priority: int,
    respond_due: datetime,
    resolve_due: datetime,
    why: str = "",
) -> Incident:
    """Its priority and due times, said aloud when they change after it was opened; a higher one re-arms it."""
    if incident.version and priority == incident.priority:
        return msgspec.structs.replace(incident, impact=impact, urgency=urgency)
    times = {"respond_due": respond_due, "resolve_due": resolve_due}
    weight = {"impact": impact, "urgency": urgency, "priority": priority}
    if not incident.version:
        return msgspec.structs.replace(incident, **times, **weight)
    before, because = incident.priority, f": {why}" if why else ""
    incident = _step(incident, at, HUB, "priority", f"P{before} → P{priority}{because}", **times, **weight)
    return rearmed(incident, at, f"it is P{priority} now") if priority < before else incident


def overridden(incident: Incident, who: str, at: datetime, reason: str, **weight: Any) -> Incident:
    """A person's impact and urgency (and the `priority` and due times that follow): the graph's no longer count.

    Raises `NotPossible`: what is over was as grave as it was.
    """
    after(incident.state, Action.WEIGH)
    words = f"P{weight['priority']} (impact {weight['impact']}, urgency {weight['urgency']}): {reason}"
    return _step(incident, at, who, "priority", words, overridden=True, **weight)


def tied(incident: Incident, who: str, at: datetime, other: int) -> Incident:
    """Belongs with another, of which it is no part."""
    if other in incident.links:
        return incident
    return _step(incident, at, who, "linked", f"with INC-{other}", links=linked(incident.links, other))


def is_stale(state: str, acknowledged_at: datetime | None, limit: datetime) -> bool:
    """Whether somebody acknowledged it before this moment and it is open still."""
    return state not in FINISHED and acknowledged_at is not None and acknowledged_at < limit


def linked(links: tuple[int, ...], number: int) -> tuple[int, ...]:
    return links if number in links else (*links, number)


Rule = Callable[[Incident], Incident]  # gives the incident after a step, or raises why it cannot be taken

_UNANSWERED: dict[str, Any] = {"acknowledged_at": None, "acknowledged_by": None, "hold_reason": None}
_MOST_NAMED = 5
_TOGETHER = timedelta(minutes=1)
_GATHERED = frozenset({"impact", "recovered", "took over"})  # in a storm one step stands for all of a minute


def _first_answer(incident: Incident, who: str, at: datetime) -> dict[str, Any]:
    return {} if incident.acknowledged_at else {"acknowledged_at": at, "acknowledged_by": who}


def _last(effects: Sequence[Effect]) -> bool:
    """Whether an incident that has these goes on."""
    return any(effect.role in LASTING and effect.recovered_at is None for effect in effects)


def _gathered(incident: Incident, at: datetime, what: str, words: Sequence[str], **fields: Any) -> Incident:
    """One step of the hub's for all of these, or the last one of this kind grown by them.

    That it has recovered, or not any more, is a step of its own.
    """
    entries = incident.timeline
    index = _gathering(entries, at, what) if fields["recovered_at"] == incident.recovered_at else None
    if index is None:
        entry = TimelineEntry(at=at, who=HUB, what=what, text="; ".join(words[:_MOST_NAMED]))
        timeline = (*entries, _grown(entry, max(0, len(words) - _MOST_NAMED)))
    else:
        timeline = (*entries[:index], _grown(entries[index], len(words)), *entries[index + 1 :])
    return msgspec.structs.replace(incident, timeline=timeline, **fields)


def _gathering(entries: Sequence[TimelineEntry], at: datetime, what: str) -> int | None:
    """Where among the last steps the one is that what happens in this minute is counted in."""
    for index in reversed(range(len(entries))):
        entry = entries[index]
        if entry.who != HUB or entry.what not in _GATHERED or at - entry.at >= _TOGETHER:
            return None
        if entry.what == what:
            return index
    return None


def _grown(entry: TimelineEntry, by: int) -> TimelineEntry:
    """The step, about so many more checks that it does not name."""
    more = entry.more + by
    text = entry.text.removesuffix(_and_more(entry.more)) + _and_more(more)
    return msgspec.structs.replace(entry, text=text, more=more)


def _and_more(number: int) -> str:
    return f"; and {number} more" if number else ""


def _told(effect: Effect) -> str:
    because = f" ({effect.why})" if effect.why else ""
    return f"{effect.called}: {effect.severity}{because}"


def _step(incident: Incident, at: datetime, who: str, what: str, text: str, **fields: Any) -> Incident:
    entry = TimelineEntry(at=at, who=who, what=what, text=text)
    if "state" in fields:
        fields["state"] = str(fields["state"])
    return msgspec.structs.replace(incident, timeline=(*incident.timeline, entry), **fields)
