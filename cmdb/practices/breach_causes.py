"""From what an agreement lost back to why: outages by what made them, their incidents, what changed before those."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from cmdb.model.incident import Incident, Suspect
from cmdb.model.service_review import Outage


class IncidentOfCause(msgspec.Struct, frozen=True, kw_only=True):
    """`suspects` are what changed before it, likeliest first; `ended` is what who resolved it said."""

    number: int
    title: str
    state: str
    suspects: tuple[Suspect, ...]
    ended: str


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """`share` is of all the time that was down."""

    cause: str
    down_s: float
    share: float
    outages: int
    incidents: tuple[IncidentOfCause, ...]


def causes_of(outages: Sequence[Outage], incidents: Mapping[int, Incident]) -> tuple[Cause, ...]:
    """What took the service down, the costliest first."""
    gathered: defaultdict[str, list[Outage]] = defaultdict(list)
    for outage in outages:
        gathered[outage.cause or "not recorded"].append(outage)
    whole_s = sum(outage.counted_s for outage in outages)
    found = (_cause(cause, several, whole_s, incidents) for cause, several in gathered.items())
    return tuple(sorted(found, key=lambda one: (-one.down_s, one.cause)))


def _cause(cause: str, outages: Sequence[Outage], whole_s: float, incidents: Mapping[int, Incident]) -> Cause:
    down_s = sum(outage.counted_s for outage in outages)
    numbers = sorted({number for outage in outages for number in outage.incidents})
    return Cause(
        cause=cause,
        down_s=down_s,
        share=down_s / whole_s if whole_s else 0.0,
        outages=len(outages),
        incidents=tuple(_incident(incidents[number]) for number in numbers if number in incidents),
    )


def _incident(incident: Incident) -> IncidentOfCause:
    ended = (entry.text for entry in reversed(incident.timeline) if entry.what in {"resolved", "closed"} and entry.text)
    return IncidentOfCause(
        number=incident.number,
        title=incident.title,
        state=incident.state,
        suspects=incident.suspects,
        ended=next(ended, ""),
    )
