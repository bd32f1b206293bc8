"""What a field's name means in a document. Not how its value is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cmdb.store.protocol import Document

Related = Callable[[str], Document | None]
# Fields that hold another record's id: its name will do as well.
REFERENCES = frozenset({"agent", "ci", "host", "source", "target"})
_BEGINNINGS = ("opened_at", "since", "first_seen", "connected_at")  # what `age` counts from
_INNER = ("overrides", "attributes", "metrics")
_NOT_TEXT = frozenset(
    {"version", "metrics", "sources", "evidence", "timeline", "suspects", "definition", "last_result"}
)


def nothing_related(_id: str) -> Document | None:
    """For documents that are looked at alone."""
    return None


@dataclass(frozen=True)
class Scope:
    """What a judgement may know besides the document."""

    now: datetime
    related: Related = nothing_related


def value_of(document: Document, path: str, scope: Scope) -> Any:
    """The field's value; None where there is none.

    In order: the document's own field; through a reference into another record (`host.site`); what a person set,
    what was observed, what was measured of a CI. A CI's `version` is that of the thing, not of its record.
    """
    if path == "version" and (found := _inner(document, path)) is not None:
        return found
    if (found := _reach(document, path)) is not None:
        return found
    head, _, rest = path.partition(".")
    if rest and isinstance(id_ := document.get(head), str) and (other := scope.related(id_)) is not None:
        return value_of(other, rest, scope)
    if (found := _inner(document, path)) is not None:
        return found
    return _age_s(document, scope) if path == "age" else None


def beginning_of(document: Document) -> datetime | None:
    """The moment from which a record's age counts."""
    for name in _BEGINNINGS:
        if isinstance(moment := document.get(name), datetime):
            return moment
    return None


def texts_of(document: Document) -> Iterator[str]:
    """Every text and number of a document that people see; not its measurements, moments and inner workings."""
    for name, value in document.items():
        if name not in _NOT_TEXT:
            yield from _leaves(value)


def _inner(document: Document, path: str) -> Any:
    for name in _INNER:
        if isinstance(inner := document.get(name), Mapping) and (found := _reach(inner, path)) is not None:
            return found
    return None


def _reach(mapping: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, where a name may have dots of its own."""
    if path in mapping:
        return mapping[path]
    head, _, rest = path.partition(".")
    inner = mapping.get(head) if rest else None
    return _reach(inner, rest) if isinstance(inner, Mapping) else None


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _age_s(document: Document, scope: Scope) -> float | None:
    beginning = beginning_of(document)
    return None if beginning is None else (scope.now - beginning).total_seconds()
