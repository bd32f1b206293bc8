"""What is asked before a silence, a maintenance window or an override begins, and what it would do. Not the dialog."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cmdb.practices.duration import parse_duration_s
from console.views.document import Block, Document, Pair, Prose
from console.views.ink import Ink, text
from console.views.quiet import covered
from console.views.subject import Subject, names_of
from console.views.text import clean

Values = Mapping[str, str]
USUAL_LENGTH = "2h"
MOST_NAMED = 5


@dataclass(frozen=True)
class Field:
    """`value` stands there already; `about` says what is wanted where nothing does."""

    name: str
    label: str
    value: str = ""
    about: str = ""


@dataclass(frozen=True)
class Form:
    """`args` are those of `verb` for what was typed (raises `ValueError`), `done` what is said then.

    `ends_with` is the verb that takes it back, where there is one. `preview` is a verb that changes nothing with
    `previewed` as its arguments, `shows` what its answer says, `confirmed` what of it `verb` is told, so that what was
    shown is what is done. `about` is how many records it is about.
    """

    title: str
    verb: str
    fields: Sequence[Field]
    args: Callable[[Values, datetime], Mapping[str, Any]]
    done: Callable[[Mapping[str, Any]], str]
    ends_with: str = ""
    preview: str = ""
    previewed: Callable[[Values], Mapping[str, Any]] = lambda _values: {}
    shows: Callable[[Any], Document] = lambda _answer: ()
    confirmed: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    about: int = 1


def counted(form: Form) -> Form:
    """The form that is only done once the number of records that it is about has been typed."""

    def args(values: Values, now: datetime) -> Mapping[str, Any]:
        if values["count"] != str(form.about):
            raise ValueError(f"{form.about} are marked: type that number, or Esc leaves them as they are")
        return form.args(values, now)

    asked = Field("count", "how many", "", f"{form.about} are marked: type {form.about}")
    return replace(form, fields=(*form.fields, asked), args=args)


def silence(subjects: Sequence[Subject]) -> Form:
    """Nobody is told of these, for a while."""
    return Form(
        title=f"Silence {_names(subjects)}",
        verb="silence.add",
        fields=(
            Field("matchers", "holds for", " ".join(_matchers(subjects)), "label=value"),
            Field("length", "for", USUAL_LENGTH, "30m, 2h, 1d"),
            Field("reason", "because", "", "why nobody needs to know"),
        ),
        args=lambda values, now: {
            "matchers": values["matchers"].split(),
            "end": _end(values, now),
            "reason": _said(values, "reason", "say why: others will ask"),
        },
        done=lambda row: f"{_names(subjects)}: silenced",
        ends_with="silence.end",
        preview="silence.preview",
        previewed=lambda values: {"matchers": values["matchers"].split()},
        shows=_held,
        about=len(subjects),
    )


def maintenance(subjects: Sequence[Subject]) -> Form:
    """These are worked on from now on."""
    return Form(
        title=f"Maintenance of {_names(subjects)}",
        verb="maintenance.add",
        fields=(
            Field("select", "covers", _selector(subjects), "class=host name=web-1"),
            Field("length", "for", USUAL_LENGTH, "30m, 2h, 1d"),
            Field("title", "to do", "", "what is done there"),
        ),
        args=lambda values, now: {
            "select": values["select"],
            "end": _end(values, now),
            "title": _said(values, "title", "say what is done"),
        },
        done=lambda row: f"{clean(row.get('title'))}: maintenance has begun",
        ends_with="maintenance.end",
        preview="maintenance.preview",
        previewed=lambda values: {"select": values["select"]},
        shows=lambda answer: tuple(covered(answer)) if isinstance(answer, Mapping) else (),
        about=len(subjects),
    )


def override(subjects: Sequence[Subject]) -> Form:
    """Somebody else has the schedule for a while."""
    schedule = subjects[0].place.record
    return Form(
        title=f"Who has {clean(schedule)} for a while",
        verb="oncall.override",
        fields=(
            Field("people", "who", "", "a person of the roster"),
            Field("instead_of", "instead of", "", "whom; nobody: in addition"),
            Field("length", "for", "8h", "30m, 8h, 1d"),
            Field("reason", "because", "", "why"),
        ),
        args=lambda values, now: {
            "schedule": schedule,
            "kind": "replace" if values["instead_of"] else "add",
            "people": [_said(values, "people", "say who")],
            "instead_of": values["instead_of"] or None,
            "end": _end(values, now),
            "reason": values["reason"],
        },
        done=lambda row: f"{clean(schedule)}: {', '.join(map(clean, row.get('people') or ()))} from now on",
        ends_with="oncall.end",
    )


def _names(subjects: Sequence[Subject]) -> str:
    return names_of(subjects, MOST_NAMED, lambda one: one.name)


def _matchers(subjects: Sequence[Subject]) -> list[str]:
    """The labels that incidents about these have: one value each, or any of several."""
    labels = [_labels(subject) for subject in subjects]
    shared = [name for name in labels[0] if all(name in one for one in labels)] if labels else []
    return [_matcher(name, [one[name] for one in labels]) for name in shared]


def _labels(subject: Subject) -> dict[str, str]:
    if subject.incident is not None:
        return {"number": str(subject.incident)}
    if subject.check:
        return {"check": subject.check}
    if subject.place.name == "service":
        return {"service": subject.place.record}
    if subject.place.name == "agent" or subject.ci_class == "host":
        return {"host": subject.host_name or subject.name}
    return {"host": subject.host_name, "ci": subject.ci_name} if subject.host_name else {"ci": subject.ci_name}


def _matcher(name: str, values: Iterable[str]) -> str:
    found = sorted(set(values))
    return f"{name}={found[0]}" if len(found) == 1 else f"{name}=~{'|'.join(map(re.escape, found))}"


def _selector(subjects: Sequence[Subject]) -> str:
    hosts = [subject for subject in subjects if subject.ci_class == "host"]
    if len(hosts) == len(subjects):
        return f"class=host name={','.join(subject.ci_name for subject in hosts)}"
    return f"id={','.join(dict.fromkeys(str(subject.ci) for subject in subjects))}"


def _end(values: Values, now: datetime) -> datetime:
    try:
        length_s = parse_duration_s(values["length"])
    except ValueError:
        raise ValueError(f"{values['length'] or 'nothing'}: no length of time; write 30m, 2h or 1d") from None
    return now + timedelta(seconds=length_s)


def _said(values: Values, name: str, otherwise: str) -> str:
    if not values[name]:
        raise ValueError(otherwise)
    return values[name]


def _held(answer: Any) -> Document:
    found = answer if isinstance(answer, list) else []
    if not found:
        return (Prose(text("No incident that is open now; those that come.", Ink.DIM)),)
    blocks: list[Block] = [Pair("holds for", text(f"{len(found)} open now", Ink.WARNING))]
    blocks += [Prose(text(f"INC-{one['number']}  {clean(one['title'])}"), 2) for one in found[:MOST_NAMED]]
    more = len(found) - MOST_NAMED
    return (*blocks, *((Prose(text(f"and {more} more", Ink.DIM), 2),) if more > 0 else ()))
