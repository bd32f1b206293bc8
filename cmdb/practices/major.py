"""Major incidents: declared with a reason, with their own timeline of who was told what, and updates that fall due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from cmdb.model.incident import Communication, Incident, Major
from cmdb.practices.incident import noted
from cmdb.practices.incident_state import FINISHED, Action, NotPossible, State

UPDATE_EVERY_MINUTES = 30


class NotMajor(Exception):
    """The incident is not a major one (or is one already, when it is declared)."""


def declared(
    incident: Incident, who: str, at: datetime, reason: str, update_every_minutes: int = UPDATE_EVERY_MINUTES
) -> Incident:
    """From now on updates are due. Raises `NotMajor` when it is one already, `NotPossible` when it is over."""
    if incident.major is not None:
        raise NotMajor(f"it is a major incident since {incident.major.declared_at:%Y-%m-%dT%H:%M:%SZ}")
    if incident.state in FINISHED:
        raise NotPossible(State(incident.state), Action.START)
    major = Major(
        declared_at=at,
        declared_by=who,
        reason=reason,
        update_every_minutes=update_every_minutes,
        update_due_at=at + timedelta(minutes=update_every_minutes),
    )
    return msgspec.structs.replace(noted(incident, who, at, f"major incident: {reason}"), major=major)


def told(incident: Incident, who: str, at: datetime, audience: str, text: str) -> Incident:
    """This audience was told this; the next update is due anew. Raises `NotMajor`."""
    major = incident.major
    if major is None:
        raise NotMajor("it is not a major incident")
    after = msgspec.structs.replace(
        major,
        update_due_at=at + timedelta(minutes=major.update_every_minutes),
        communications=(*major.communications, Communication(at=at, by=who, audience=audience, text=text)),
    )
    return msgspec.structs.replace(incident, major=after)


def overdue(incident: Incident, now: datetime) -> timedelta | None:
    """How long ago the update was due; None when none is."""
    if incident.major is None or incident.state in FINISHED or now < incident.major.update_due_at:
        return None
    return now - incident.major.update_due_at


def rings(incident: Incident, now: datetime) -> bool:
    """Whether somebody has to be reminded: an update is due, and nobody was told so."""
    due = overdue(incident, now) is not None
    return due and incident.major is not None and incident.major.rung_for != incident.major.update_due_at


def rung(incident: Incident, who: str, at: datetime, reminded: Sequence[str]) -> Incident:
    """These people are reminded that an update is due."""
    assert incident.major is not None
    words = f"an update is due since {incident.major.update_due_at:%H:%M} UTC; reminded: "
    after = msgspec.structs.replace(incident.major, rung_for=incident.major.update_due_at)
    return msgspec.structs.replace(noted(incident, who, at, words + (", ".join(reminded) or "nobody")), major=after)


def reminder_title(incident: Incident) -> str:
    return f"INC-{incident.number} P{incident.priority}: an update is due, {incident.title}"


def reminder_text(incident: Incident, now: datetime) -> str:
    """What was said last, and the one command that says something new."""
    assert incident.major is not None
    said = incident.major.communications
    last = (
        f"last told {said[-1].audience} at {said[-1].at:%H:%M} UTC: {said[-1].text}" if said else "nobody was told yet"
    )
    minutes = (now - incident.major.declared_at).total_seconds() // 60
    return (
        f"major incident since {minutes:.0f} min: {incident.major.reason}\n{last}\n"
        f'say something: watchdeck incident tell {incident.number} AUDIENCE "TEXT"'
    )
