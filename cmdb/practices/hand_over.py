"""What is said when a shift ends and another begins: who goes, who comes, and what is open. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cmdb.model.incident import Incident
from cmdb.practices.incident_state import State

MOST_LISTED = 30


def hand_over_title(schedule: str, going: Iterable[str], coming: Iterable[str], open_: int) -> str:
    """`ops: mia hands over to rab, 2 open incidents`."""
    noun = "1 open incident" if open_ == 1 else f"{open_ or 'no'} open incidents"
    return f"{schedule}: {_named(going)} hands over to {_named(coming)}, {noun}"


def hand_over_text(incidents: Sequence[Incident], until: datetime | None, now: datetime) -> str:
    """The shift's end and every open incident, the gravest first."""
    listed = sorted(incidents, key=lambda one: (one.priority, one.opened_at))
    lines = [f"until {until:%Y-%m-%d %H:%M} UTC" if until else "until further notice", ""]
    lines += [_line(one, now) for one in listed[:MOST_LISTED]]
    if not listed:
        lines.append("Nothing is open.")
    elif len(listed) > MOST_LISTED:
        lines.append(f"and {len(listed) - MOST_LISTED} more")
    return "\n".join(lines)


def _line(incident: Incident, now: datetime) -> str:
    whose = incident.assignee or incident.acknowledged_by
    state = incident.state.replace("_", " ") + (f", {whose} has it" if whose else ", nobody has it")
    if incident.state == State.ON_HOLD and incident.hold_reason:
        state += f", waits: {incident.hold_reason}"
    hours = (now - incident.opened_at).total_seconds() / 3600
    return f"INC-{incident.number} P{incident.priority} {incident.title} ({state}; open for {hours:.1f} h)"


def _named(people: Iterable[str]) -> str:
    return ", ".join(sorted(people)) or "nobody"
