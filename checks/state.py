"""What results mean over time: soft and hard states as in Icinga 2, and flapping. Pure, and no notification here.

A check that turns bad is soft until `max_attempts` results in a row were bad; only a hard change is worth a
person's attention, and `Notice` says which.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Optional

import msgspec

from checks.result import State

FLAP_WINDOW = 20
FLAP_STARTS_ABOVE = 30.0
FLAP_STOPS_AT = 25.0
_FLAP_WEIGHTS = tuple(1.18 - 0.02 * age for age in range(FLAP_WINDOW))  # newest first


class Phase(enum.Enum):
    """Where a check is between well and hard bad."""

    WELL = enum.auto()
    SOFT = enum.auto()
    HARD = enum.auto()


class Seen(enum.Enum):
    """What a new result is to a check in its phase."""

    GOOD = enum.auto()
    BAD = enum.auto()  # and attempts are left
    LAST_BAD = enum.auto()  # the one that reaches max_attempts
    OTHER_BAD = enum.auto()  # while hard: bad in another way than before


class Notice(enum.Enum):
    """What a step is worth telling people."""

    NONE = "none"
    PROBLEM = "problem"
    RECOVERY = "recovery"


TRANSITIONS = {
    (Phase.WELL, Seen.GOOD): (Phase.WELL, Notice.NONE),
    (Phase.WELL, Seen.BAD): (Phase.SOFT, Notice.NONE),
    (Phase.WELL, Seen.LAST_BAD): (Phase.HARD, Notice.PROBLEM),
    (Phase.SOFT, Seen.GOOD): (Phase.WELL, Notice.NONE),
    (Phase.SOFT, Seen.BAD): (Phase.SOFT, Notice.NONE),
    (Phase.SOFT, Seen.LAST_BAD): (Phase.HARD, Notice.PROBLEM),
    (Phase.HARD, Seen.GOOD): (Phase.WELL, Notice.RECOVERY),
    (Phase.HARD, Seen.BAD): (Phase.HARD, Notice.NONE),
    (Phase.HARD, Seen.OTHER_BAD): (Phase.HARD, Notice.PROBLEM),
}


class CheckState(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A check's state after its last result; `state` is None as long as it never ran.

    `since` is when this state began, `changes` remembers at which of the last results it changed (bit 0 the
    newest), for flapping.
    """

    state: Optional[State] = None
    hard: bool = True
    attempt: int = 1
    since: Optional[datetime] = None
    last_at: Optional[datetime] = None
    changes: int = 0
    flapping: bool = False

    @property
    def phase(self) -> Phase:
        if not self.state:
            return Phase.WELL
        return Phase.HARD if self.hard else Phase.SOFT


class Step(msgspec.Struct, frozen=True, gc=False):
    """What one result did. `changed`: state, hardness or attempt is another; `dropped`: older than the last."""

    after: CheckState
    notice: Notice = Notice.NONE
    changed: bool = False
    dropped: bool = False


def advance(before: CheckState, state: State, at: datetime, max_attempts: int) -> Step:
    """The check's state after one more result."""
    if before.last_at is not None and at < before.last_at:
        return Step(before, dropped=True)
    phase, notice = TRANSITIONS[before.phase, _seen(before, state, max_attempts)]
    hard = phase is not Phase.SOFT
    attempt = 1 if hard or before.phase is not Phase.SOFT else before.attempt + 1
    changes = remembered(before.changes, changed=before.state not in {None, state})
    after = CheckState(
        state=state,
        hard=hard,
        attempt=attempt,
        since=before.since if before.state == state else at,
        last_at=at,
        changes=changes,
        flapping=is_flapping(flap_percent(changes), was=before.flapping),
    )
    changed = (before.state, before.hard, before.attempt) != (state, hard, attempt)
    return Step(after, notice, changed)


def is_steady(before: CheckState, state: State) -> bool:
    """Whether this result would leave everything as it is but the time of the last one: by far the most do."""
    return before.state is state and before.hard and not before.changes


def _seen(before: CheckState, state: State, max_attempts: int) -> Seen:
    if state is State.OK:
        return Seen.GOOD
    if before.phase is Phase.HARD:
        return Seen.BAD if state == before.state else Seen.OTHER_BAD
    failed_before = before.attempt if before.phase is Phase.SOFT else 0
    return Seen.LAST_BAD if failed_before + 1 >= max_attempts else Seen.BAD


def remembered(changes: int, *, changed: bool) -> int:
    """The window of changes with one more result in it and the oldest gone."""
    return (changes << 1 | changed) & ((1 << FLAP_WINDOW) - 1)


def flap_percent(changes: int) -> float:
    """How restless the last results were, in percent, the newest weighing most."""
    if not changes:
        return 0.0
    return 100 * sum(weight for age, weight in enumerate(_FLAP_WEIGHTS) if changes >> age & 1) / FLAP_WINDOW


def is_flapping(percent: float, *, was: bool) -> bool:
    """Flapping starts above one limit and stops at a lower one, so that it does not flap itself."""
    return percent > (FLAP_STOPS_AT if was else FLAP_STARTS_ABOVE)


def worst(states: Sequence[State]) -> State:
    """The state that a person would look at first: critical, warning, unknown, ok; of none, ok."""
    return max(states, key=_SEVERITY.index, default=State.OK)


_SEVERITY = (State.OK, State.UNKNOWN, State.WARNING, State.CRITICAL)
