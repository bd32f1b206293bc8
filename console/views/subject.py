"""What an action is about: from a row of whatever list or page, the incident, check or item that it means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from console.views.cells import Row
from console.views.place import Place
from console.views.text import clean


@dataclass(frozen=True)
class Subject:
    """The record itself (`place`), its name for people, and what it is connected with.

    `shown` is whether its row is among those that are loaded: marked ones need not be.
    """

    place: Place
    name: str
    incident: int | None = None
    ci: str | None = None
    check: str | None = None
    state: str = ""
    ci_name: str = ""
    ci_class: str = ""
    host_name: str = ""
    shown: bool = True


def subject_of(place: Place, row: Row) -> Subject:
    """The subject of a row that leads to this place."""
    state = str(row.get("state") or "")
    item = _item(row, "ci_name", "ci_class")
    if place.name == "incident":
        number = _number(row.get("number"))
        return Subject(place, f"INC-{clean(place.record)}", number, row.get("ci"), row.get("check"), state, **item)
    if place.name == "check":
        name = f"{clean(row.get('type'))} on {clean(row.get('ci_name') or row.get('ci'))}"
        return Subject(place, name, _number(row.get("incident")), row.get("ci"), place.record, state, **item)
    name = clean(row.get("name") or row.get("title") or place.record)
    if place.name == "ci":
        item = _item(row, "name", "class")
        return Subject(place, name, ci=place.record, state=state, **item)
    ci = row.get("host") if place.name == "agent" else row.get("ci")
    return Subject(place, name, ci=ci if isinstance(ci, str) else None, state=state, **item)


def names_of(subjects: Sequence[Subject], most: int, called: Callable[[Subject], str]) -> str:
    """The first of them by name, and how many more. Of one that is not shown it is said: nobody sees it."""
    names = [f"{called(one)}{'' if one.shown else ' (not shown)'}" for one in subjects[:most]]
    more = len(subjects) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names)} and {more} more"


def _item(row: Row, name: str, class_: str) -> dict[str, Any]:
    """What is said of an item, wherever it stands in the row."""
    said = {"ci_name": row.get(name), "ci_class": row.get(class_), "host_name": row.get("host_name")}
    return {field: str(value or "") for field, value in said.items()}


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
