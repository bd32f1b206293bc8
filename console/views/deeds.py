"""Everything that can be done with a record, in one table: its words, its verb, when it is possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.views import forms
from console.views.forms import Form
from console.views.subject import Subject
from console.views.terms import editing


@dataclass(frozen=True)
class Deed:
    """`asks` is what must be said for it ("" when nothing); `done` is said when it is, with the subject's name.

    `word` is the verb's argument that takes what was said, `form` what is asked in a dialog instead. `undo` is the
    verb that takes it back, given the same arguments.
    """

    name: str
    label: str
    verb: str
    done: str
    about: Callable[[Subject], Mapping[str, Any] | None]
    asks: str = ""
    word: str = "text"
    key: str = ""
    form: Callable[[Sequence[Subject]], Form] | None = None
    undo: str = ""


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


def _can_be_silenced(subject: Subject) -> Mapping[str, Any] | None:
    known = subject.incident is not None or subject.check or subject.ci or subject.place.name == "service"
    return {} if known else None


def _can_be_worked_on(subject: Subject) -> Mapping[str, Any] | None:
    return {} if subject.ci else None


def _lasting(name: str, *states: str) -> Callable[[Subject], Mapping[str, Any] | None]:
    """A silence or window in one of these states."""

    def about(subject: Subject) -> Mapping[str, Any] | None:
        return {"id": subject.place.record} if subject.place.name == name and subject.state in states else None

    return about


def _declared(name: str) -> Callable[[Subject], Mapping[str, Any] | None]:
    """What a file of services.d says, or may say."""
    return lambda subject: {} if subject.place.name == name else None


def _schedule(subject: Subject) -> Mapping[str, Any] | None:
    return {} if subject.place.name == "schedule" else None


_OPEN = ("new", "acknowledged", "in_progress", "on_hold", "resolved")

_UNDO = "incident.undo"
ACKNOWLEDGE = Deed(
    "acknowledge", "Acknowledge: I have it", "incident.ack", "{} is yours", _incident(), key="a", undo=_UNDO
)
NOTE = Deed("note", "Write a note", "incident.note", "{}: noted", _incident(*_OPEN, "closed"), "note on {}", key="n")
RUN = Deed("run", "Run the check now", "check.run", "{}", _check, key="r")
SILENCE = Deed("silence", "Silence for a while", "silence.add", "", _can_be_silenced, key="S", form=forms.silence)
MAINTENANCE = Deed(
    "maintenance", "Begin maintenance", "maintenance.add", "", _can_be_worked_on, key="M", form=forms.maintenance
)
ASSIGN = Deed(
    "assign",
    "Assign to somebody",
    "incident.assign",
    "{}: assigned",
    _incident(*_OPEN[:4]),
    "assign {} to",
    "assignee",
    undo=_UNDO,
)
HOLD = Deed(
    "hold",
    "Put on hold",
    "incident.hold",
    "{}: on hold",
    _incident(*_OPEN[:3]),
    "why is {} on hold",
    "reason",
    undo=_UNDO,
)
DEEDS = (
    ACKNOWLEDGE,
    NOTE,
    ASSIGN,
    HOLD,
    Deed("resume", "Take off hold", "incident.resume", "{}: goes on", _incident("on_hold"), undo=_UNDO),
    Deed("resolve", "Resolve", "incident.resolve", "{}: resolved", _incident(*_OPEN[:4]), "what solved {}", undo=_UNDO),
    Deed("close", "Close", "incident.close", "{}: closed", _incident(*_OPEN), "close {} because"),
    RUN,
    SILENCE,
    MAINTENANCE,
    Deed("scan", "Scan now", "agent.scan", "{}: scan asked for", _agent),
    Deed("end", "End this silence", "silence.end", "{}: ended", _lasting("silence", "pending", "active", "ending")),
    Deed("finish", "End this maintenance", "maintenance.end", "{}: over", _lasting("window", "pending", "active")),
    Deed("override", "Change who has it", "oncall.override", "", _schedule, key="o", form=forms.override),
    Deed("edit", "Edit its terms", "service.set", "", _declared("service"), key="E", form=editing("service.set")),
    Deed("terms", "Edit its terms", "sla.set", "", _declared("agreement"), key="E", form=editing("sla.set")),
)
DEED = {deed.name: deed for deed in DEEDS}


def possible(subject: Subject) -> tuple[Deed, ...]:
    """What can be done with this subject."""
    return tuple(deed for deed in DEEDS if deed.about(subject) is not None)
