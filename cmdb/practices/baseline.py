"""Approved state against what is: what drifted, and which of a group is not like the others. Pure.

An item is named by class and key, which several hosts share; its attributes are what is compared, a person's value
before the discovered one. Measurements are never part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from cmdb.model.baseline import Baseline
from cmdb.model.ci import ConfigurationItem

Items = Mapping[str, Mapping[str, Any]]
# Of these every host has its own, and they come and go.
LEFT_OUT = frozenset({"endpoint", "address", "container", "external", "timer"})
MOST = 0.5  # the share of a group above which a value is the usual one
LEAST_GROUP = 3


class Drifted(msgspec.Struct, frozen=True, kw_only=True):
    """One difference. `kind` is changed | added | removed; of an item that came or went, `attribute` is ""."""

    item: str
    attribute: str
    kind: str
    approved: Any = None
    actual: Any = None
    waived: str = ""  # the reason, where it is let be


class Odd(msgspec.Struct, frozen=True, kw_only=True):
    """A member whose value is not the usual one; None is that it has no such item or attribute."""

    member: str
    item: str
    attribute: str
    value: Any = None
    usual: Any = None
    share: float


def snapshot(items: Iterable[ConfigurationItem], *, alone: bool = False) -> dict[str, dict[str, Any]]:
    """What is approved: the attributes of everything in use; `alone` keeps classes that a host's view leaves out."""
    return {
        item_name(item): {**item.attributes, **item.overrides}
        for item in items
        if item.status == "in_use" and (alone or item.class_ not in LEFT_OUT)
    }


def item_name(item: ConfigurationItem) -> str:
    """What it is called on any host: class and key."""
    return f"{item.class_}/{item.key or item.name}"


def drifted(baseline: Baseline, items: Items, at: datetime) -> list[Drifted]:
    """Every difference, in the order of items; one that is waived at this moment says why."""
    waived = {(one.item, one.attribute): one.reason for one in baseline.waivers if one.until is None or at < one.until}
    found = []
    for one in _differences(baseline.items, items):
        reason = waived.get((one.item, one.attribute), waived.get((one.item, ""), ""))
        found.append(msgspec.structs.replace(one, waived=reason))
    return found


def accepted(baseline: Baseline, items: Items, item: str, attribute: str = "") -> Baseline:
    """The baseline with this item (or one attribute of it) approved as it is now. Raises `KeyError` for neither."""
    if item not in baseline.items and item not in items:
        raise KeyError(item)
    approved = {name: dict(attributes) for name, attributes in baseline.items.items()}
    actual = items.get(item)
    if actual is None:
        del approved[item]
    elif not attribute:
        approved[item] = dict(actual)
    else:
        own = approved.setdefault(item, {})
        own.pop(attribute, None)
        own.update({name: value for name, value in actual.items() if name == attribute})
    return msgspec.structs.replace(baseline, items=approved)


def odd_ones(members: Mapping[str, Items]) -> list[Odd]:
    """Where a member's value is not that of most; nothing of a group that is too small to have a usual value."""
    if len(members) < LEAST_GROUP:
        return []
    found: list[Odd] = []
    for item in sorted({item for items in members.values() for item in items}):
        present = {member: item in items for member, items in members.items()}
        found += _odd(present, item, "", lambda value: "present" if value else None)
        having = {member: items[item] for member, items in members.items() if item in items}
        if len(having) / len(members) <= MOST:
            continue
        for attribute in sorted({attribute for attributes in having.values() for attribute in attributes}):
            values = {member: attributes.get(attribute) for member, attributes in having.items()}
            found += _odd(values, item, attribute, lambda value: value)
    return found


def _differences(approved: Items, actual: Items) -> Iterator[Drifted]:
    for item in sorted({*approved, *actual}):
        before, after = approved.get(item), actual.get(item)
        if before is None or after is None:
            yield Drifted(item=item, attribute="", kind="added" if before is None else "removed")
            continue
        for attribute in sorted({*before, *after}):
            old, new = before.get(attribute), after.get(attribute)
            if old != new:
                yield Drifted(item=item, attribute=attribute, kind="changed", approved=old, actual=new)


def _odd(values: Mapping[str, Any], item: str, attribute: str, shown: Any) -> Iterator[Odd]:
    """Members whose value is another than the one that more than half have."""
    keys = {member: msgspec.json.encode(value, order="deterministic") for member, value in values.items()}
    usual, count = Counter(keys.values()).most_common(1)[0]
    if len(values) < LEAST_GROUP or count == len(values) or count / len(values) <= MOST:
        return
    for member in sorted(values):
        if keys[member] != usual:
            yield Odd(
                member=member,
                item=item,
                attribute=attribute,
                value=shown(values[member]),
                usual=shown(msgspec.json.decode(usual)),
                share=round(count / len(values), 3),
            )
