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


def subject_of(place: Place, row: Row) -> Subject:
    """The subject of a row that leads to this place."""
    if place.name == "incident":
        return Subject(place, f"INC-{place.record}", _number(row.get("number")), row.get("ci"), row.get("check"))
    if place.name == "check":
        name = f"{clean(row.get('type'))} on {clean(row.get('ci_name') or row.get('ci'))}"
        return Subject(place, name, _number(row.get("incident")), row.get("ci"), place.record)
    name = clean(row.get("name") or place.record)
    return Subject(place, name, ci=place.record if place.name == "ci" else row.get("ci"))


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
