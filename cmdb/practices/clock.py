"""A clock of an incident or request: how much of its target's time has passed, who is waited for, when it is due.

A clock is a fold over events, so that it can always be replayed: `Clock.after` takes one event, `replay` all of
them. A changed agreement is a replay of the old events under the new target; that applies it from the start, with
the pauses that it knows.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Self

import msgspec

from cmdb.practices.business_time import deadline, elapsed_s
from cmdb.practices.calendar import Calendar

THRESHOLDS = (0.5, 0.75, 0.9, 1.0)


class Goal(enum.StrEnum):
    """What a target asks for."""

    RESPOND = "respond"
    RESOLVE = "resolve"


class Running(enum.StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """So much business time until the goal. `pauses` are the on-hold reasons that stop the time.

    An agreement with a customer counts `from_creation`, however late it was attached; one within the house
    (OLA) from when it was attached.
    """

    goal: Goal
    time_s: float
    hours: Calendar
    pauses: frozenset[str] = frozenset()
    from_creation: bool = True


class ClockEvent(msgspec.Struct, frozen=True):
    """The record enters this state; `reason` is that of a hold, `assignee` who works on it from now on."""

    at: datetime
    state: str
    reason: str = ""
    assignee: str = ""


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """A target's clock after some events. `passed_s` had passed at `since`, when the last event was.

    `wall_s` is the same without hours and pauses: what the person who waits has seen pass. `spent_at` is when all
    of the target's time had passed.
    """

    target: Target
    created_at: datetime
    since: datetime
    running: Running = Running.RUNNING
    passed_s: float = 0.0
    wall_s: float = 0.0
    spent_at: datetime | None = None
    waits_for: str = "first response"

    @classmethod
    def started(cls, target: Target, created_at: datetime, attached_at: datetime | None = None) -> Self:
        """A clock at its beginning: the record's creation, or the attachment of an agreement within the house."""
        begin = created_at if target.from_creation or attached_at is None else max(attached_at, created_at)
        return cls(target=target, created_at=created_at, since=begin)

    def after(self, event: ClockEvent) -> Clock:
        """The clock once this happened. An event from before it began only says in which state that found it."""
        at = max(event.at, self.since)
        if self.running is Running.STOPPED and self.target.goal is Goal.RESPOND:
            return self  # the first response is given once
        running = _running(self.target, event)
        return msgspec.structs.replace(
            self,
            since=at,
            running=running,
            passed_s=self.passed_s_at(at),
            wall_s=self.wall_s_at(at),
            spent_at=self.due if self.passed_s_at(at) >= self.target.time_s else None,
            waits_for="" if running is Running.STOPPED else _waited_for(event),
        )

    def passed_s_at(self, now: datetime) -> float:
        """The business time that has passed by now."""
        if self.running is not Running.RUNNING or now <= self.since:
            return self.passed_s
        return self.passed_s + elapsed_s(self.target.hours, self.since, now)

    def wall_s_at(self, now: datetime) -> float:
        """The time by the wall until now, or until it stopped."""
        if self.running is Running.STOPPED or now <= self.since:
            return self.wall_s
        return self.wall_s + (now - self.since).total_seconds()

    def reaches(self, share: float) -> datetime | None:
        """When this share of the target's time will have passed if the clock runs on, or since when it has."""
        left_s = self.target.time_s * share - self.passed_s
        if left_s <= 0:
            return self.since
        return deadline(self.target.hours, self.since, left_s) if self.running is Running.RUNNING else None

    @property
    def due(self) -> datetime | None:
        """The first moment at which all of the time has passed; None while it is paused or stopped before that."""
        return self.spent_at or (None if self.running is Running.STOPPED else self.reaches(1.0))

    def missed(self, now: datetime) -> bool:
        return self.passed_s_at(now) > self.target.time_s


def replay(
    target: Target, created_at: datetime, events: Iterable[ClockEvent], attached_at: datetime | None = None
) -> Clock:
    """The clock after all of these events, in their order in time."""
    clock = Clock.started(target, created_at, attached_at)
    for event in sorted(events, key=lambda event: event.at):
        clock = clock.after(event)
    return clock


def thresholds(
    target: Target, created_at: datetime, events: Sequence[ClockEvent], attached_at: datetime | None = None
) -> Mapping[float, datetime]:
    """When each of the thresholds was or will be reached; those that a pause keeps away are not there."""
    found: dict[float, datetime] = {}
    clock = Clock.started(target, created_at, attached_at)
    for event in (*sorted(events, key=lambda event: event.at), None):
        for share in THRESHOLDS:
            moment = clock.reaches(share)
            if share not in found and moment is not None and (event is None or moment <= event.at):
                found[share] = moment
        clock = clock if event is None else clock.after(event)
    return found


class Fired(msgspec.Struct, frozen=True):
    """The thresholds of a clock that were told already, each with the moment it was told for."""

    moments: Mapping[float, datetime] = {}

    def step(self, reached: Mapping[float, datetime], now: datetime) -> tuple[Fired, tuple[float, ...]]:
        """What is to be told now, once each; a threshold re-arms only when its moment has moved into the future."""
        told = {share: at for share, at in self.moments.items() if share not in reached or reached[share] <= now}
        due = tuple(share for share, at in reached.items() if at <= now and share not in told)
        return Fired({**told, **{share: reached[share] for share in due}}), due


def _running(target: Target, event: ClockEvent) -> Running:
    if event.state in {"resolved", "closed"}:
        return Running.STOPPED
    if target.goal is Goal.RESPOND:
        answered = event.assignee or event.state in {"acknowledged", "in_progress"}
        return Running.STOPPED if answered else Running.RUNNING
    paused = event.state == "on_hold" and _names_one_of(event.reason, target.pauses)
    return Running.PAUSED if paused else Running.RUNNING


def _names_one_of(reason: str, pauses: Iterable[str]) -> bool:
    """A hold's reason may say more than the agreement: `waiting for the user: asked again`."""
    return any(reason.casefold().startswith(pause.casefold()) for pause in pauses)


def _waited_for(event: ClockEvent) -> str:
    """The party that is waited for: of a hold it is in its reason, else who works on it."""
    if event.state == "on_hold":
        return event.reason.removeprefix("waiting for ").partition(":")[0] or "nobody named"
    if event.state == "new" and not event.assignee:
        return "first response"
    return event.assignee or "the provider"
