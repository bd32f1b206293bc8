"""What an action is about: from a row of whatever list or page, the incident, check or item that it means."""

from __future__ import annotations

from dataclasses import dataclass

from console.views.cells import Row
from console.views.place import Place
from console.views.text import clean


@dataclass(frozen=True)
class Subject:
    """The record itself (`place`), its name for people, and what it is connected with."""

    place: Place
    name: str
    incident: int | None = None
    ci: str | None = None
    check: str | None = None
    state: str = ""


def subject_of(place: Place, row: Row) -> Subject:
    """The subject of a row that leads to this place."""
    state = str(row.get("state") or "")
    if place.name == "incident":
        number = _number(row.get("number"))
        return Subject(place, f"INC-{clean(place.record)}", number, row.get("ci"), row.get("check"), state)
    if place.name == "check":
        name = f"{clean(row.get('type'))} on {clean(row.get('ci_name') or row.get('ci'))}"
        return Subject(place, name, _number(row.get("incident")), row.get("ci"), place.record, state)
    name = clean(row.get("name") or place.record)
    return Subject(place, name, ci=place.record if place.name == "ci" else row.get("ci"), state=state)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
