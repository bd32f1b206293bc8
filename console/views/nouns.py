"""What is known of each kind of record: how to ask for it, how it looks beside a list and on its own page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from console.views import agent, check, incident, item, service
from console.views.cells import Row
from console.views.document import Document
from console.views.moment import Moment
from console.views.page import Page


@dataclass(frozen=True)
class Extra:
    """What a tab shows besides: the verb that is asked for the record's id, and where its answer goes in the row."""

    name: str
    verb: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Noun:
    """`asked_as` are the arguments of its `show` verb for a record's id; `more` is what single tabs ask besides."""

    word: str
    show: str
    asked_as: Callable[[str], Mapping[str, Any]]
    preview: Callable[[Row, Moment], Document]
    page: Callable[[Row, Moment], Page]
    has_past: bool = True  # its verb takes `at`
    more: Mapping[str, Sequence[Extra]] = field(default_factory=dict)


MOST_HISTORY = 500
TREE_DEPTH = 6
_CI_MORE = {
    "history": (Extra("history", "ci.history", {"limit": MOST_HISTORY}),),
    "tree": (
        Extra("impact", "ci.impact", {"depth": TREE_DEPTH}),
        Extra("depends", "ci.depends", {"depth": TREE_DEPTH}),
    ),
    "why": (Extra("why", "ci.why"),),
}
_SERVICE_MORE = {"points": (Extra("points", "service.points"),)}
_CHECK_MORE = {"why": (Extra("explained", "check.explain"),)}


NOUNS = {
    noun.word: noun
    for noun in (
        Noun(
            "incident",
            "incident.show",
            lambda id_: {"number": id_},
            incident.preview,
            incident.page,
            has_past=False,
        ),
        Noun("check", "check.show", lambda id_: {"id": id_}, check.preview, check.page, more=_CHECK_MORE),
        Noun(
            "ci",
            "ci.show",
            lambda id_: {"id": id_},
            item.preview,
            item.page,
            more=_CI_MORE,
        ),
        Noun("service", "service.show", lambda id_: {"name": id_}, service.preview, service.page, more=_SERVICE_MORE),
        Noun("agreement", "sla.explain", lambda id_: {"name": id_}, service.agreement_preview, service.agreement_page),
        Noun("agent", "agent.show", lambda id_: {"id": id_}, agent.preview, agent.page, has_past=False),
    )
}
