"""The states of an incident and what leads from one to the next: a table. Not who may, and not what else follows."""

from __future__ import annotations

import enum
from collections.abc import Mapping


class State(enum.StrEnum):
    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Action(enum.StrEnum):
    """What a person or the hub does to an incident. Notes and assignments change no state of their own."""

    ACKNOWLEDGE = "acknowledge"
    START = "start"
    HOLD = "hold"
    RESUME = "resume"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    REARM = "rearm"  # it got worse: the acknowledgement no longer stands
    CLOSE = "close"
    WEIGH = "weigh"  # a person says how grave it is


OPEN = frozenset({State.NEW, State.ACKNOWLEDGED, State.IN_PROGRESS, State.ON_HOLD})
FINISHED = frozenset({State.RESOLVED, State.CLOSED})

TRANSITIONS: Mapping[tuple[State, Action], State] = {
    (State.NEW, Action.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.NEW, Action.START): State.IN_PROGRESS,
    (State.NEW, Action.HOLD): State.ON_HOLD,
    (State.NEW, Action.RESOLVE): State.RESOLVED,
    (State.ACKNOWLEDGED, Action.START): State.IN_PROGRESS,
    (State.ACKNOWLEDGED, Action.HOLD): State.ON_HOLD,
    (State.ACKNOWLEDGED, Action.RESOLVE): State.RESOLVED,
    (State.ACKNOWLEDGED, Action.REARM): State.NEW,
    (State.IN_PROGRESS, Action.ACKNOWLEDGE): State.IN_PROGRESS,
    (State.IN_PROGRESS, Action.HOLD): State.ON_HOLD,
    (State.IN_PROGRESS, Action.RESOLVE): State.RESOLVED,
    (State.IN_PROGRESS, Action.REARM): State.NEW,
    (State.ON_HOLD, Action.ACKNOWLEDGE): State.ON_HOLD,
    (State.ON_HOLD, Action.RESUME): State.IN_PROGRESS,
    (State.ON_HOLD, Action.RESOLVE): State.RESOLVED,
    (State.ON_HOLD, Action.REARM): State.NEW,
    (State.RESOLVED, Action.REOPEN): State.NEW,
    (State.RESOLVED, Action.CLOSE): State.CLOSED,
    **{(state, Action.WEIGH): state for state in OPEN},
}


class NotPossible(Exception):
    """The table has no such transition. `state` is where the incident is."""

    def __init__(self, state: State, action: Action) -> None:
        super().__init__(f"an incident that is {state.replace('_', ' ')} cannot be {_PARTICIPLE[action]}")
        self.state, self.action = state, action


_PARTICIPLE = {
    Action.ACKNOWLEDGE: "acknowledged",
    Action.START: "started",
    Action.HOLD: "put on hold",
    Action.RESUME: "resumed",
    Action.RESOLVE: "resolved",
    Action.REOPEN: "reopened",
    Action.REARM: "re-armed",
    Action.CLOSE: "closed",
    Action.WEIGH: "weighed anew",
}


def after(state: str, action: Action) -> State:
    """The state that the action leads to. Raises `NotPossible`."""
    try:
        return TRANSITIONS[State(state), action]
    except KeyError:
        raise NotPossible(State(state), action) from None
