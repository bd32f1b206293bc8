"""Bounds what leaves the host: no control characters, no endless text, lists or nesting. Not the secrets' filter."""

from __future__ import annotations

import math
from typing import Any, Union

from agent.wire import Item

KEY_LENGTH = 512
TEXT_LENGTH = 4096
NAME_LENGTH = 128  # of an attribute
ENTRIES = 512
DEPTH = 4
_INT_LIMIT = 1 << 63


def clean_text(text: str, limit: int = TEXT_LENGTH) -> str:
    """The text on one line, printable, at most `limit` characters long."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text[: 4 * limit])
    return text if len(text) <= limit else text[: limit - 1] + "…"


def clean_value(value: Any, depth: int = DEPTH) -> Any:
    """A value of plain builtins, bounded in every direction; what is not plain becomes its text."""
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, (bool, int, float)):
        return _clean_number(value)
    if depth and isinstance(value, dict):
        return {clean_text(str(k), NAME_LENGTH): clean_value(v, depth - 1) for k, v in list(value.items())[:ENTRIES]}
    if depth and isinstance(value, (list, tuple)):
        return [clean_value(entry, depth - 1) for entry in value[:ENTRIES]]
    return clean_text(str(value))


def _clean_number(value: Union[bool, int, float, None]) -> Union[bool, int, float, None]:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return None if isinstance(value, int) and not -_INT_LIMIT <= value < _INT_LIMIT else value


def _without_impossible(values: dict[str, Any]) -> dict[str, Any]:
    """A size below zero is a mistake of whoever counted: it is not known."""
    return {
        name: value
        for name, value in values.items()
        if not (name.endswith("_bytes") and isinstance(value, (int, float)) and value < 0)
    }


def is_clean(value: Any, depth: int = DEPTH) -> bool:
    """Whether `clean_value` would leave it as it is; found out with less work."""
    kind = type(value)
    if kind is str:
        return bool(len(value) <= TEXT_LENGTH and value.isprintable())
    if kind is int:
        return bool(-_INT_LIMIT <= value < _INT_LIMIT)
    if kind is bool or value is None:
        return True
    if kind is float:
        return math.isfinite(value)
    if (kind is not dict and kind is not list) or not depth or len(value) > ENTRIES:
        return False
    if kind is dict:
        for name in value:
            if len(name) > NAME_LENGTH or not name.isprintable():
                return False
        value = value.values()
    for entry in value:  # noqa: SIM110 - twice as quick as all(): every report comes by here
        if not is_clean(entry, depth - 1):
            return False
    return True


def is_clean_item(item: Item) -> bool:
    """Whether `clean_item` would leave it as it is."""
    return (
        _is_clean_key(item.key)
        and _is_clean_key(item.name)
        and is_clean(item.attributes)
        and (not item.metrics or is_clean(item.metrics))
        and (not item.keys or is_clean(item.keys))
        and len(item.relations) <= ENTRIES
        and all(_is_clean_key(key) for _, _, key in item.relations)
    )


def _is_clean_key(text: str) -> bool:
    return len(text) <= KEY_LENGTH and text.isprintable()


def clean_item(item: Item) -> Item:
    """The item as it may leave the host."""
    return Item(
        class_=item.class_,
        key=clean_text(item.key, KEY_LENGTH),
        name=clean_text(item.name, KEY_LENGTH),
        attributes=_without_impossible(clean_value(item.attributes)),
        metrics=_without_impossible(clean_value(item.metrics)),
        keys=clean_value(item.keys),
        relations=tuple(
            (type_, class_, clean_text(key, KEY_LENGTH)) for type_, class_, key in item.relations[:ENTRIES]
        ),
    )
