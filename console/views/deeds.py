"""Everything that can be done with a record, in one table: its words, its verb, when it is possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from console.views.subject import Subject


@dataclass(frozen=True)
class Deed:
    """`asks` is what must be said for it ("" when nothing); `done` is said when it is, with the subject's name.

    `word` argues the verb's argument that takes what was said.
    """

    name: str
    label: str
    verb: str
    done: str
    about: Callable[[Subject], Mapping[str, Any] | None]
    asks: str = ""
    word: str = "text"
    key: str = ""


def _incident(*states: str) -> Callable[[Subject], Mapping[str, Any] | None]:
    """An incident in one of these states (any open one when none is named)."""

    def about(subject: Subject) -> Mapping[str, Any] | None:
        known = subject.place.name == "incident" and subject.state
        if subject.incident is None or (known and subject.state not in (states or _OPEN)):
            return None
        return {"number": subject.incident}

    return about


def _check(subject: Subject) -> Mapping[str, Any] | None:
    return {"id": subject.check} if subject.place.name == "check" else None


def _agent(subject: Subject) -> Mapping[str, Any] | None:
    return {"id": subject.place.record} if subject.place.name == "agent" else None


_OPEN = ("new", "acknowledged", "in_progress", "on_hold", "resolved")

ACKNOWLEDGE = Deed("acknowledge", "Acknowledge: I have it", "incident.ack", "{} is yours", _incident(), key="a")
NOTE = Deed("note", "Write a note", "incident.note", "{}: noted", _incident(*_OPEN, "closed"), "note on {}", key="n")
RUN = Deed("run", "Run the check now", "check.run", "{}", _check, key="r")
DEEDS = (
    ACKNOWLEDGE,
    NOTE,
    Deed(
        "assign",
        "Assign to somebody",
        "incident.assign",
        "{}: assigned",
        _incident(*_OPEN[:4]),
        "assign {} to",
        "assignee",
    ),
    Deed("hold", "Put on hold", "incident.hold", "{}: on hold", _incident(*_OPEN[:3]), "why is {} on hold", "reason"),
    Deed("resume", "Take off hold", "incident.resume", "{}: goes on", _incident("on_hold")),
    Deed("resolve", "Resolve", "incident.resolve", "{}: resolved", _incident(*_OPEN[:4]), "what solved {}"),
    Deed("close", "Close", "incident.close", "{}: closed", _incident(*_OPEN), "close {} because"),
    RUN,
    Deed("scan", "Scan now", "agent.scan", "{}: scan asked for", _agent),
)
DEED = {deed.name: deed for deed in DEEDS}


def possible(subject: Subject) -> tuple[Deed, ...]:
    """What can be done with this subject."""
    return tuple(deed for deed in DEEDS if deed.about(subject) is not None)
