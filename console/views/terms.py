"""Changing what a service or an agreement says, in the file that declares it: the difference before it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from console.terms import parse_edits, split_terms
from console.views.document import Document, Prose
from console.views.forms import Field, Form, Values
from console.views.ink import Ink, text
from console.views.subject import Subject
from console.views.text import clean

_INKS = {"+": Ink.OK, "-": Ink.CRITICAL}


def editing(verb: str) -> Callable[[Sequence[Subject]], Form]:
    """A form for the first of the subjects, whose terms are changed by this verb."""

    def form(subjects: Sequence[Subject]) -> Form:
        name = subjects[0].place.record
        return Form(
            title=f"Terms of {clean(name)}",
            verb=verb,
            fields=(Field("terms", "set", "", 'owner=mia hours="Mon-Fri 08:00-18:00"; TERM= takes one out'),),
            args=lambda values, _now: {"name": name, "terms": _wanted(values)},
            done=lambda row: f"{clean(name)}: {_written(row)}",
            preview=verb,
            previewed=lambda values: {"name": name, "terms": _typed(values), "dry_run": True},
            shows=_difference,
            confirmed=lambda answer: {"expected": str(answer["digest"])},
        )

    return form


def _written(row: Mapping[str, Any]) -> str:
    return f"written to {clean(row['file'])}" if row["written"] else "as it was"


def _wanted(values: Values) -> dict[str, Any]:
    if not values["terms"]:
        raise ValueError("say what is to be: TERM=VALUE")
    return parse_edits(split_terms(values["terms"]))


def _typed(values: Values) -> dict[str, Any]:
    """What can be understood by now: the rest is still being typed."""
    try:
        return parse_edits(split_terms(values["terms"]))
    except ValueError:
        return {}


def _difference(answer: Any) -> Document:
    """The lines that go and those that come: there is no room for those between."""
    lines = str(answer.get("diff", "")).splitlines() if isinstance(answer, Mapping) else []
    changed = [line for line in lines if line[:1] in _INKS and not line.startswith(("+++", "---"))]
    if not changed:
        return (Prose(text("Nothing changes by that.", Ink.DIM)),)
    said = text(f"{clean(answer['file'])} would change:", Ink.DIM)
    return (Prose(said), *(Prose(text(clean(line), _INKS[line[0]])) for line in changed))
