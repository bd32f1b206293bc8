"""What no agent of ours would ever send in an item: why a report that holds it is refused whole.

Agents clean what they find before it leaves their host (`agent.discovery.clean`), so this is a lie or a fault, and what
else came with it is worth no more. What only a newer Python calls printable is no fault: it is cleaned.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from agent.discovery.clean import DEPTH, ENTRIES, KEY_LENGTH, NAME_LENGTH, TEXT_LENGTH
from agent.wire import Item

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BYTES = "_bytes"


def fault_of(item: Item) -> str:
    """The first fault, in words; empty for an item without any."""
    return next(_faults(item), "")


def negative_size(item: Item) -> str:
    """The name of a size below zero; empty for none."""
    return next(
        (
            name
            for values in (item.attributes, item.metrics)
            for name, value in values.items()
            if name.endswith(_BYTES) and isinstance(value, (int, float)) and value < 0
        ),
        "",
    )


def _faults(item: Item) -> Iterator[str]:
    named = [("key", item.key), ("name", item.name), *(("a relation", key) for _, _, key in item.relations)]
    for what, text in named:
        yield from _text(what, text, KEY_LENGTH)
    if len(item.relations) > ENTRIES:
        yield f"has {len(item.relations)} relations, more than {ENTRIES}"
    for what, values in (("attributes", item.attributes), ("metrics", item.metrics), ("keys", item.keys)):
        yield from _value(what, values, DEPTH)


def _value(what: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield from _text(what, value, TEXT_LENGTH)
    elif isinstance(value, (int, float)):
        if not (math.isfinite(value) if isinstance(value, float) else -(1 << 63) <= value < 1 << 63):
            yield f"{what} is no number that can be kept"
    elif isinstance(value, (Mapping, list)):
        yield from _many(what, value, depth)


def _many(what: str, value: Mapping[Any, Any] | list[Any], depth: int) -> Iterator[str]:
    if not depth:
        yield f"{what} is nested more than {DEPTH} deep"
        return
    if len(value) > ENTRIES:
        yield f"{what} has {len(value)} entries, more than {ENTRIES}"
        return
    entries = value.items() if isinstance(value, Mapping) else (("", entry) for entry in value)
    for name, entry in entries:
        if name:
            yield from _text(f"a name in {what}", str(name), NAME_LENGTH)
        yield from _value(f"{what}.{str(name)[:32]}" if name else what, entry, depth - 1)


def _text(what: str, text: str, limit: int) -> Iterator[str]:
    if len(text) > limit:
        yield f"{what} is {len(text)} characters long, more than {limit}"
    elif _CONTROLS.search(text):
        yield f"{what} holds control characters"
