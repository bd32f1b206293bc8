"""What people are told about incidents, and the labels by which routes and silences know them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cmdb.model.incident import Incident

MOST_LISTED = 20


def labels_of(incident: Incident, ci: Mapping[str, Any] | None, host: Mapping[str, Any] | None) -> dict[str, str]:
    """An incident as routes and silences see it. `site` is the host's."""
    attributes = {} if host is None else host.get("attributes", {})
    return {
        "number": str(incident.number),
        "priority": str(incident.priority),
        "impact": str(incident.impact),
        "urgency": str(incident.urgency),
        "title": incident.title,
        "key": incident.key,
        "check": incident.check or "",
        "ci": "" if ci is None else str(ci["name"]),
        "class": "" if ci is None else str(ci["class"]),
        "host": "" if host is None else str(host["name"]),
        "site": str(attributes.get("site", "")),
        "service": ",".join(incident.services),
        **incident.labels,
    }


def place_of(labels: Mapping[str, str]) -> str:
    """The item of an incident, and the host that it is on."""
    ci, host = labels["ci"], labels["host"]
    return f"{ci} on {host}" if ci and host not in {"", ci} else ci


def title_of(incidents: Sequence[Incident]) -> str:
    """One line: the incident, or how many and the worst."""
    worst = min(incidents, key=lambda one: (one.priority, one.number))
    head = f"INC-{worst.number} P{worst.priority} {worst.title}"
    return head if len(incidents) == 1 else f"{len(incidents)} incidents, worst: {head}"


def text_of(incidents: Sequence[Incident], cis: Mapping[int, str], acknowledge: str, now: datetime) -> str:
    """Each incident with what somebody needs to know at night, and the one command to acknowledge it."""
    listed = sorted(incidents, key=lambda one: (one.priority, one.number))
    parts = [_paragraph(one, cis.get(one.number, ""), acknowledge, now) for one in listed[:MOST_LISTED]]
    more = len(listed) - MOST_LISTED
    return "\n\n".join([*parts, *([f"and {more} more"] if more > 0 else [])])


def facts_of(incident: Incident, ci: str) -> dict[str, Any]:
    """An incident for a program."""
    return {
        "number": incident.number,
        "priority": incident.priority,
        "title": incident.title,
        "state": incident.state,
        "ci": ci,
        "services": list(incident.services),
        "opened_at": incident.opened_at,
        "respond_due": incident.respond_due,
        "resolve_due": incident.resolve_due,
    }


def _paragraph(incident: Incident, ci: str, acknowledge: str, now: datetime) -> str:
    lines = [
        f"INC-{incident.number} P{incident.priority} {incident.title}",
        f"item: {ci}" if ci else "",
        f"services: {', '.join(incident.services)}" if incident.services else "",
        f"since: {incident.opened_at:%Y-%m-%d %H:%M} UTC ({_ago(now, incident.opened_at)})",
        f"answer by: {incident.respond_due:%Y-%m-%d %H:%M} UTC" if incident.respond_due else "",
        f"resolve by: {incident.resolve_due:%Y-%m-%d %H:%M} UTC" if incident.resolve_due else "",
        f"acknowledge: {acknowledge.format(number=incident.number)}",
    ]
    return "\n".join(line for line in lines if line)


def _ago(now: datetime, then: datetime) -> str:
    minutes = int((now - then).total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
