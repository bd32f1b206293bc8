"""A stable total order of rows by named fields: `-priority,opened_at`. The id is always the last key."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

Key = tuple[Any, ...]
MOST_FIELDS = 8


class Order:
    """Sorts by the fields of `text` (descending with `-`). Nothing sorts last, in both directions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.fields = [(name.strip().lstrip("-"), name.strip().startswith("-")) for name in text.split(",")][
            :MOST_FIELDS
        ]
        self.fields = [(name, descending) for name, descending in self.fields if name]

    def key(self, row: Mapping[str, Any]) -> Key:
        """What to compare this row by."""
        return (*(_part(value_at(row, name), descending) for name, descending in self.fields), row["id"])


@functools.total_ordering
class _Reversed:
    """Text that sorts the other way round."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and self.text == other.text

    def __lt__(self, other: _Reversed) -> bool:
        return self.text > other.text

    def __hash__(self) -> int:
        return hash(self.text)


def value_at(row: Mapping[str, Any], name: str) -> Any:
    """The value of a field, reaching into inner mappings by dots; None where there is none."""
    if name in row:
        return row[name]
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _part(value: Any, descending: bool) -> tuple[int, Any]:
    if value is None or value == "":
        return (9, 0)
    number = value.timestamp() if isinstance(value, datetime) else value
    if isinstance(number, bool | int | float):
        return (0, -number if descending else number)
    text = value.casefold() if isinstance(value, str) else str(value)
    return (1, _Reversed(text) if descending else text)
