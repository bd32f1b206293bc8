"""An incident and its timeline. Its checks are records of their own (`cmdb.model.effect`).

The state table and the priority matrix are in `cmdb.practices`.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from cmdb.model.kind import Record


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step: `what` is a verb of the field (opened, acknowledged, note, escalated, resolved …).

    `more`: how many checks it is about that `text` only counts.
    """

    at: datetime
    who: str
    what: str
    text: str = ""
    more: int = 0


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A change before the incident that may have caused it. `distance` counts relations from the incident's CI."""

    at: datetime
    ci: str
    what: str
    distance: int = 0


class Communication(msgspec.Struct, frozen=True, kw_only=True):
    """Who was told what, when: one entry of a major incident's own timeline."""

    at: datetime
    by: str
    audience: str
    text: str


class Major(msgspec.Struct, frozen=True, kw_only=True):
    """What makes an incident a major one: an update is due every so many minutes, to everybody concerned.

    `rung_for` is the due time that people were last reminded of.
    """

    declared_at: datetime
    declared_by: str
    reason: str
    update_every_minutes: int
    update_due_at: datetime
    rung_for: datetime | None = None
    communications: tuple[Communication, ...] = ()


class Incident(Record, frozen=True, kw_only=True):
    """`id` is the number as text. `key` is the correlation key: one open incident has it at most.

    `state` is new | acknowledged | in_progress | on_hold | resolved | closed; impact and urgency 1 (high) to
    3 (low); priority 1 to 5. `recovered_at` is when its last cause went well again: it is resolved when the
    hold-down after that is over. `affected` is how many checks it is about, `labels` what an outside source said of
    it. `merged_into` is the incident that took this one over. `overridden` says that a person set impact and urgency:
    the graph no longer changes them. `redundancy_left`: what is redundant holds up all that stands on it, so it is
    less urgent. `warned` holds the shares of its clocks' times that were told, each with the moment that it was told
    for.
    """

    number: int
    title: str
    state: str = "new"
    priority: int
    impact: int
    urgency: int
    ci: str | None = None
    check: str | None = None
    key: str
    services: tuple[str, ...] = ()
    opened_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    assignee: str | None = None
    hold_reason: str | None = None
    recovered_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    respond_due: datetime | None = None
    resolve_due: datetime | None = None
    affected: int = 0
    merged_into: int | None = None
    links: tuple[int, ...] = ()
    overridden: bool = False
    redundancy_left: bool = False
    reopened: int = 0
    rearmed: int = 0
    labels: dict[str, str] = {}
    major: Major | None = None
    suspects: tuple[Suspect, ...] = ()
    warned: dict[str, datetime] = {}
    timeline: tuple[TimelineEntry, ...] = ()
