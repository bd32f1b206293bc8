"""A place in the console as words: the same for go, filter, bookmark, history and share. Not what is shown there.

`checks state!=ok sort=-since` is a view, `hosts` are the CIs of one class; `ci web-1`, `INC-12`, `map shop` and
`diff web-1 web-2` are records.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from cmdb.model.ci import DISCOVERED_CLASSES, LOGICAL_CLASSES

VIEWS = {
    "triage": ("triage", "home", "t"),
    "incidents": ("incidents", "incident", "inc"),
    "checks": ("checks", "check", "ch"),
    "services": ("services", "service", "svc"),
    "sla": ("sla", "slas", "agreements", "agreement"),
    "days": ("days", "heat", "heatmap"),
    "oncall": ("oncall", "on-call", "duty"),
    "roster": ("roster", "staff", "teams"),
    "silences": ("silences", "mutes"),
    "maintenance": ("maintenance", "windows", "mw"),
    "classes": ("cmdb", "classes", "cis"),
    "ci": ("ci",),
    "agents": ("agents", "agent"),
    "people": ("people", "who"),
    "changes": ("changes", "change", "history"),
}
NOUNS = {
    "incident": ("incident", "inc"),
    "ci": ("ci",),
    "check": ("check",),
    "service": ("service", "svc"),
    "agreement": ("agreement", "sla"),
    "agent": ("agent",),
    "schedule": ("schedule", "oncall"),
    "person": ("person",),
    "silence": ("silence",),
    "window": ("window",),
    "map": ("map",),
    "diff": ("diff",),
}
MAP_OF_ALL = "all"
_VIEW_OF = {alias: view for view, aliases in VIEWS.items() for alias in aliases}
_NOUN_OF = {alias: noun for noun, aliases in NOUNS.items() for alias in aliases}
# A service is a CI class too, but `:services` is the board.
CLASSES = tuple(name for name in (*DISCOVERED_CLASSES, *LOGICAL_CLASSES) if name not in _VIEW_OF)
_INCIDENT = re.compile(r"(?:inc-|#)?(\d+)", re.IGNORECASE)
_SORT = re.compile(r"(?:^|\s)sort[=:](\S+)")
_CLASS = re.compile(r"(?:^|\s)class=(\w+)(?=\s|$)")
_OPERATOR = re.compile(r"[=<>~!]|^/")


class NoSuchPlace(ValueError):
    """These words name no view and no record."""


@dataclass(frozen=True)
class Place:
    """A view with its filter and sort (`record` empty), or one record of a noun with a tab of its page."""

    name: str
    record: str = ""
    filter: str = ""
    sort: str = ""
    class_: str = ""
    tab: str = ""

    @property
    def uri(self) -> str:
        """The words that lead here."""
        if self.record:
            return f"INC-{self.record}" if self.name == "incident" else f"{self.name} {self.record}"
        words = [plural(self.class_) if self.name == "ci" and self.class_ else VIEWS[self.name][0]]
        words += [self.filter] if self.filter else []
        words += [f"sort={self.sort}"] if self.sort else []
        return " ".join(words)

    def sorted_by(self, sort: str) -> Place:
        return replace(self, sort=sort)

    def filtered(self, filter_: str) -> Place:
        return replace(self, filter=filter_)


def plural(class_: str) -> str:
    """The word for all CIs of a class: `hosts`, `memories`, `business_processes`."""
    if class_ in {"software", "memory"}:
        return class_
    if class_.endswith("s"):
        return f"{class_}es"
    return f"{class_[:-1]}ies" if class_.endswith("y") else f"{class_}s"


_CLASS_OF = {word: class_ for class_ in CLASSES for word in (class_, plural(class_))}


def parse(words: str) -> Place:
    """The place that these words lead to. Raises `NoSuchPlace`."""
    words = words.strip().removeprefix(":").strip()
    first, _, rest = words.partition(" ")
    first, rest = first.lower(), rest.strip()
    if found := _INCIDENT.fullmatch(words):
        return Place("incident", found[1])
    if words.lower() == "map":
        return Place("map", MAP_OF_ALL)
    if first in _NOUN_OF and rest and not _OPERATOR.search(rest):
        return Place(_NOUN_OF[first], _record(_NOUN_OF[first], rest))
    if first in _VIEW_OF:
        return _view(_VIEW_OF[first], rest)
    if first in _CLASS_OF:
        return replace(_view("ci", rest), class_=_CLASS_OF[first])
    raise NoSuchPlace(f"{first or 'nothing'}: no such view; try {', '.join(suggestions('')[:5])} …")


def _record(noun: str, rest: str) -> str:
    found = _INCIDENT.fullmatch(rest) if noun == "incident" else None
    return found[1] if found else rest


def _view(name: str, rest: str) -> Place:
    sort = _SORT.search(rest)
    filter_ = _SORT.sub("", rest).strip()
    class_ = _CLASS.search(filter_) if name == "ci" else None
    if class_:
        filter_ = _CLASS.sub("", filter_).strip()
    return Place(name, filter=filter_, sort=sort[1] if sort else "", class_=class_[1] if class_ else "")


def suggestions(start: str) -> list[str]:
    """The words that a place may begin with, those of views first."""
    words = [*(aliases[0] for aliases in VIEWS.values()), "map", *(plural(class_) for class_ in CLASSES)]
    return [word for word in dict.fromkeys(words) if word.startswith(start.lower())]
