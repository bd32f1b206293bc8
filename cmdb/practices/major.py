"""Major incidents: declared with a reason, with their own timeline of who was told what, and updates that fall due."""

from __future__ import annotations

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
