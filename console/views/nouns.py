"""What is known of each kind of record: how to ask for it, how it looks beside a list and on its own page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from console.views import agent, check, diff, duty, incident, item, level, quiet, service, service_map
from console.views.cells import Row
from console.views.document import Document
from console.views.moment import Moment
from console.views.page import Page
from console.views.place import MAP_OF_ALL


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
    asked_as: Callable[[str, datetime], Mapping[str, Any]]
    preview: Callable[[Row, Moment], Document]
    page: Callable[[Row, Moment], Page]
    has_past: bool = True  # its verb takes `at`
    more: Mapping[str, Sequence[Extra]] = field(default_factory=dict)


MOST_HISTORY = 500
TREE_DEPTH = 6
MOST_PAST = 200
_CI_MORE = {
    "history": (Extra("history", "ci.history", {"limit": MOST_HISTORY}),),
    "tree": (
        Extra("impact", "ci.impact", {"depth": TREE_DEPTH}),
        Extra("depends", "ci.depends", {"depth": TREE_DEPTH}),
    ),
    "why": (Extra("why", "ci.why"),),
}
_SERVICE_MORE = {"points": (Extra("points", "service.points"),)}
_TREND = Extra("series", "check.series")
_PAST = Extra("past", "check.history", {"limit": MOST_PAST})
_CHECK_MORE = {
    "": (_TREND,),
    "overview": (_TREND,),
    "trend": (_TREND,),
    "past": (_PAST,),
    "failures": (_PAST,),
    "why": (Extra("explained", "check.explain"),),
}
_AHEAD = (Extra("forecast", "sla.forecast"),)
_AGREEMENT_MORE = {"": _AHEAD, "overview": _AHEAD, "forecast": _AHEAD}


def _by(argument: str) -> Callable[[str, datetime], Mapping[str, Any]]:
    """The verb takes the record's id as this argument."""
    return lambda id_, _now: {argument: id_}


def _map_of(name: str, _now: datetime) -> Mapping[str, Any]:
    return {"name": "" if name == MAP_OF_ALL else name}


NOUNS = {
    noun.word: noun
    for noun in (
        Noun(
            "incident",
            "incident.show",
            _by("number"),
            incident.preview,
            incident.page,
            has_past=False,
        ),
        Noun("check", "check.show", _by("id"), check.preview, check.page, more=_CHECK_MORE),
        Noun(
            "ci",
            "ci.show",
            _by("id"),
            item.preview,
            item.page,
            more=_CI_MORE,
        ),
        Noun(
            "service",
            "service.show",
            _by("name"),
            service.preview,
            service.page,
            more=_SERVICE_MORE,
        ),
        Noun(
            "agreement",
            "sla.explain",
            _by("name"),
            level.preview,
            level.page,
            more=_AGREEMENT_MORE,
        ),
        Noun("agent", "agent.show", _by("id"), agent.preview, agent.page, has_past=False),
        Noun(
            "schedule",
            "oncall.show",
            _by("schedule"),
            duty.schedule_preview,
            duty.schedule_page,
            has_past=False,
        ),
        Noun(
            "person",
            "oncall.person",
            _by("name"),
            duty.person_preview,
            duty.person_page,
            has_past=False,
        ),
        Noun(
            "silence",
            "silence.show",
            _by("id"),
            quiet.silence_preview,
            quiet.silence_page,
            has_past=False,
        ),
        Noun(
            "window",
            "maintenance.show",
            _by("id"),
            quiet.window_preview,
            quiet.window_page,
            has_past=False,
        ),
        Noun(
            "map",
            "service.map",
            _map_of,
            service_map.preview,
            service_map.page,
            has_past=False,
        ),
        Noun("diff", "ci.diff", diff.asked_as, diff.preview, diff.page, has_past=False),
    )
}
