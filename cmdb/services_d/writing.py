"""Services and agreements as the TOML of `services.d`: what is imported is declared like everything else."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from cmdb.model.service import Agreement, Component, Holidays, Service

USUAL_NOTICE_H = 1.0
# Of the record, not of the file; or written under another name.
_NOT_IN_THE_FILE = frozenset(
    {"id", "version", "service", "state", "revision", "signatures", "source", "since", "reasons", "components"}
    | {"starts_at", "respond_minutes", "resolve_minutes", "notice_h", "holidays", "review_on", "name", "target"}
)


def as_toml(services: Iterable[Service], agreements: Iterable[Agreement], *, about: str = "") -> str:
    """The text of one file; terms that say what is the default are left out."""
    lines = [f"# {line}" for line in about.splitlines()]
    for service in services:
        lines += ["", "[[service]]", *_terms(service, {"name": service.name}, _holidays(service.holidays))]
        for component in service.components:
            lines += ["", "[[service.component]]", *_lines(_component(component))]
    for agreement in agreements:
        lines += ["", "[[agreement]]", *_agreement(agreement)]
    return "\n".join(lines).lstrip("\n") + "\n"


def terms_of(agreement: Agreement) -> dict[str, Any]:
    """The agreement as the keys and values of a file, without those that say what is the default."""
    terms: dict[str, Any] = tomllib.loads(as_toml([], [agreement]))["agreement"][0]
    return terms


def _agreement(agreement: Agreement) -> Iterator[str]:
    own: dict[str, Any] = {"name": agreement.name, "service": agreement.service, "target": agreement.target}
    for term, minutes in (("respond", agreement.respond_minutes), ("resolve", agreement.resolve_minutes)):
        if minutes:
            own[term] = {priority: f"{limit}m" for priority, limit in minutes.items()}
    if agreement.notice_h != USUAL_NOTICE_H:
        own["notice"] = f"{agreement.notice_h:g}h"
    if agreement.review_on:
        own["review_on"] = date.fromisoformat(agreement.review_on)
    return _terms(agreement, own, _holidays(agreement.holidays))


def _terms(record: Service | Agreement, *own: Mapping[str, Any]) -> Iterator[str]:
    """The record's own terms first, then those that are not as they are by default."""
    for terms in own:
        yield from _lines(terms)
    for field in msgspec.structs.fields(record):
        value = getattr(record, field.name)
        if field.name not in _NOT_IN_THE_FILE and value != field.default:
            yield from _lines({field.name: value})


def _component(component: Component) -> dict[str, Any]:
    effect = {"effect": component.effect} if component.effect != "down" else {}
    optional = {"optional": True} if component.optional else {}
    return {"name": component.name, "select": component.select, "rule": component.rule, **effect, **optional}


def _holidays(holidays: Holidays) -> dict[str, Any]:
    table = {name: value for name, value in msgspec.structs.asdict(holidays).items() if value}
    return {"holidays": table} if table else {}


def _lines(terms: Mapping[str, Any]) -> Iterator[str]:
    for name, value in terms.items():
        yield f"{name} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        # A TOML basic string is a JSON one; it also wants DEL escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_value(inner)}" for name, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, date):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else repr(value)
