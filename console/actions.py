"""Doing a deed at the hub, and what came of it in one sentence. Not which key asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cmdb.hub.client import HubGone, HubRefusal
from console.past import Asks
from console.views import states
from console.views.deeds import RUN, Deed
from console.views.subject import Subject
from console.views.text import clean


@dataclass(frozen=True)
class Outcome:
    """`done` is whether anything was changed, `row` what the hub answered then."""

    done: bool
    said: str
    row: Mapping[str, Any] = field(default_factory=dict)


async def perform(link: Asks, deed: Deed, subject: Subject, words: str = "") -> Outcome:
    """Ask the hub for it. What the hub refuses is an outcome too: this never raises."""
    about = deed.about(subject)
    if about is None:
        return Outcome(False, f"{subject.name}: cannot be done now")
    args = {**about, deed.word: words} if deed.asks else about
    try:
        row = await link.call(deed.verb, **args)
    except (HubRefusal, HubGone) as error:
        return Outcome(False, clean(error))
    if deed is RUN:
        state, _ = states.spelled(states.CHECK, row.get("state"))
        return Outcome(True, f"{subject.name}: {state}, {clean(row.get('output'))}")
    return Outcome(True, deed.done.format(named(deed, subject)), row)


def named(deed: Deed, subject: Subject) -> str:
    """What a deed is done to: of a check that belongs to an incident, the incident."""
    if deed.verb.startswith("incident.") and subject.incident is not None:
        return f"INC-{subject.incident}"
    return subject.name
