"""Who can be told, how, and when it is whose turn: people, rotations, schedules, and what is changed for a while."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from cmdb.model.kind import Record


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way to reach a person. `url` is an address of the notification library, or `webhook+http(s)://…`."""

    name: str
    url: str = ""
    url_file: str = ""  # the address itself, where it holds a secret


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`channels` are tried in order; within `quiet` hours only the highest priority gets through."""

    name: str
    timezone: str = "UTC"
    quiet: str = ""
    channels: tuple[Channel, ...] = msgspec.field(default=(), name="channel")


class Team(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    members: tuple[str, ...]


class Rotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hands off every `every` from `start`, by the wall clock of the schedule's zone.

    `turns` are who has each shift, in order. `hours` bounds when it applies (`Mon-Fri 09:00-17:00`).
    """

    name: str = ""
    turns: tuple[tuple[str, ...], ...]
    start: datetime  # without a zone: what the wall shows
    every: str = "1w"
    hours: str = "24x7"


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whoever any of its rotations names is on call."""

    name: str
    timezone: str = "UTC"
    rotations: tuple[Rotation, ...] = msgspec.field(default=(), name="rotation")


class OverrideKind(enum.StrEnum):
    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    TEMPORARY = "temporary"  # these people instead of everything else


class Override(Record, frozen=True, kw_only=True):
    """A change of a schedule within [start, end). `people` come in, `instead_of` goes."""

    schedule: str
    kind: OverrideKind
    people: tuple[str, ...] = ()
    instead_of: str | None = None
    start: datetime
    end: datetime
    by: str = ""
    reason: str = ""


class Watch(Record, frozen=True, kw_only=True):
    """Who was on call over [start, end), as it was: never recomputed. `end` is None while it lasts."""

    schedule: str
    people: tuple[str, ...]
    start: datetime
    end: datetime | None = None
