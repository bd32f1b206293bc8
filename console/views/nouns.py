"""What is known of each kind of record: how to ask for it, how it looks beside a list and on its own page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from console.views import agent, check, incident, item, service
from console.views.cells import Row
from console.views.document import Document
from console.views.moment import Moment
from console.views.page import Page


@dataclass(frozen=True)
class Noun:
    """`asked_as` are the arguments of its `show` verb for a record's id."""

    word: str
    show: str
    asked_as: Callable[[str], Mapping[str, Any]]
    preview: Callable[[Row, Moment], Document]
    page: Callable[[Row, Moment], Page]
    has_past: bool = True  # its verb takes `at`


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
        Noun("check", "check.show", lambda id_: {"id": id_}, check.preview, check.page),
        Noun(
            "ci",
            "ci.show",
            lambda id_: {"id": id_},
            item.preview,
            lambda row, now: item.page(row, now, row.get("history")),
        ),
        Noun("service", "service.show", lambda id_: {"name": id_}, service.preview, service.page),
        Noun("agreement", "sla.explain", lambda id_: {"name": id_}, service.agreement_preview, service.agreement_page),
        Noun("agent", "agent.show", lambda id_: {"id": id_}, agent.preview, agent.page, has_past=False),
    )
}
