"""The kinds of record, and for each the struct that holds it. Not the classes of CI, which are data."""

from __future__ import annotations

import enum
from typing import Any

import msgspec


class Kind(enum.StrEnum):
    """The name of a table in the store."""

    CI = "ci"
    RELATION = "relation"
    AGENT = "agent"
    CHECK = "check"
    INCIDENT = "incident"
    EFFECT = "effect"  # a bad check that is part of an incident
    SERVICE = "service"
    AGREEMENT = "agreement"
    INTERVAL = "interval"
    CATALOGUE = "catalogue"  # a published version of the service catalogue
    SERVICE_REVIEW = "service_review"
    NOTICE = "notice"  # that an agreement is going to be breached
    COUNTER = "counter"
    DECISION = "decision"  # why an observation became this CI
    REVIEW = "review"  # an identity question for a person
    BASELINE = "baseline"  # an approved state
    OVERRIDE = "override"  # of an on-call schedule
    WATCH = "watch"  # who was on call, as it was
    SILENCE = "silence"
    MAINTENANCE = "maintenance"
    ESCALATION = "escalation"
    DELIVERY = "delivery"  # of a message to a person
    USER = "user"
    ENROLMENT = "enrolment"  # a one-time token by which an agent may bring its key


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What every record has: its own identity within its kind, and the version that the ledger gave it."""

    id: str
    version: int = 0

    def body(self) -> dict[str, Any]:
        """The record as plain builtins, as the store and the API carry it: lists for tuples, moments in UTC."""
        body = msgspec.msgpack.decode(msgspec.msgpack.encode(self))
        assert isinstance(body, dict)
        return body
