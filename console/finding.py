"""Records of every kind by a part of their name, asked of the hub for the palette."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cmdb.hub.client import HubGone, HubRefusal
from console.past import Asks
from console.views import states
from console.views.cells import Row
from console.views.place import Place
from console.views.text import clean

MOST_OF_A_KIND = 8
LONGEST_WORDS = 200


@dataclass(frozen=True)
class Found:
    """A record's place, its name and what it is."""

    place: Place
    name: str
    about: str


@dataclass(frozen=True)
class _Kind:
    verb: str
    args: Callable[[str], Mapping[str, Any]]
    found: Callable[[Row], Found]


def _where(field: str) -> Callable[[str], Mapping[str, Any]]:
    """The argument that asks for records with these words in a field."""

    def args(words: str) -> Mapping[str, Any]:
        quoted = words.replace("\\", "\\\\").replace('"', '\\"')
        return {"filter": f'{field}~"{quoted}"', "limit": MOST_OF_A_KIND}

    return args


def _incident(row: Row) -> Found:
    name = f"INC-{clean(row['number'])} {clean(row.get('title') or '')}"
    return Found(Place("incident", str(row["number"])), name, f"incident, {_spelled(states.INCIDENT, row)}")


def _item(row: Row) -> Found:
    return Found(Place("ci", str(row["id"])), clean(row["name"]), clean(row["class"]).replace("_", " "))


def _check(row: Row) -> Found:
    return Found(Place("check", str(row["id"])), clean(row["id"]), f"check, {_spelled(states.CHECK, row)}")


def _named(noun: str, field: str = "name") -> Callable[[Row], Found]:
    return lambda row: Found(Place(noun, str(row[field])), clean(row["name"]), noun)


def _spelled(table: states.Words, row: Row) -> str:
    return states.spelled(table, row.get("state"))[0]


KINDS = (
    _Kind("incident.list", _where("title"), _incident),
    _Kind("service.list", _where("name"), _named("service")),
    _Kind("sla.list", _where("name"), _named("agreement")),
    _Kind("ci.find", lambda words: {"text": words, "limit": MOST_OF_A_KIND}, _item),
    _Kind("agent.list", _where("name"), _named("agent", "id")),
    _Kind("check.list", _where("id"), _check),
)


async def records(link: Asks, words: str) -> list[Found]:
    """Some of each kind. A kind that the hub refuses is left out, and all when it is gone."""
    answers = await asyncio.gather(*(_asked(link, kind, words[:LONGEST_WORDS]) for kind in KINDS))
    return [found for answer in answers for found in answer]


async def _asked(link: Asks, kind: _Kind, words: str) -> list[Found]:
    try:
        rows = await link.call(kind.verb, **kind.args(words))
    except (HubRefusal, HubGone):
        return []
    return [kind.found(row) for row in rows]
