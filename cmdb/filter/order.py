"""A stable total order of documents by named fields: `-priority,age`. The id is always the last key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cmdb.filter.error import FilterError
from cmdb.filter.field import Related, Scope, beginning_of, nothing_related, value_of
from cmdb.filter.natural import natural_key, reversed_key
from cmdb.store.protocol import Document

Key = tuple[Any, ...]
MOST_FIELDS = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = (9, 0)
_ALONE = Scope(_EPOCH)


@dataclass(frozen=True)
class Order:
    """Fields with whether each descends. Where there is no value a document comes last, in both directions."""

    fields: tuple[tuple[str, bool], ...] = ()

    def __str__(self) -> str:
        return ",".join(f"{'-' * descends}{name}" for name, descends in self.fields)

    def key(self, document: Document, related: Related = nothing_related) -> Key:
        """What to compare this document by. Numbers, then text in its natural order; `age` counts back in time."""
        scope = _ALONE if related is nothing_related else Scope(_EPOCH, related)
        return (*[_part(_value(document, name, scope), descends) for name, descends in self.fields], document["id"])


def parse_sort(text: str) -> Order:
    """The order that this text says: names of fields by commas, `-` before one that descends. Raises `FilterError`."""
    fields: list[tuple[str, bool]] = []
    at = 0
    for part in text.split(",") if text.strip() else ():
        name = part.strip()
        descends = name.startswith("-")
        name = name.removeprefix("-").removeprefix("+")
        if not name.replace(".", "").replace("_", "").replace("-", "").isalnum():
            raise FilterError("a field's name is missing here" if not name else f"{name!r} is no field", text, at)
        if len(fields) == MOST_FIELDS:
            raise FilterError(f"sorts by at most {MOST_FIELDS} fields", text, at)
        fields.append((name, descends))
        at += len(part) + 1
    return Order(tuple(fields))


def _value(document: Document, name: str, scope: Scope) -> Any:
    if name == "age" and "age" not in document:
        beginning = beginning_of(document)
        return None if beginning is None else -beginning.timestamp()
    return value_of(document, name, scope)


def _part(value: Any, descends: bool) -> tuple[int, Any]:
    if value is None or value == "" or isinstance(value, Mapping):
        return _LAST
    number = _seconds(value) if isinstance(value, datetime) else value
    if isinstance(number, bool | int | float):
        return (0, -number if descends else number) if number == number else _LAST  # noqa: PLR0124 — NaN
    text = value if isinstance(value, str) else str(value)
    return (1, reversed_key(text) if descends else natural_key(text))


def _seconds(moment: datetime) -> float:
    """Since 1970, for any year; `datetime.timestamp` fails for the first."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH).total_seconds()
