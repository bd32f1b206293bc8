"""Of several sources of one attribute, whose value is kept. What a person set is apart: `overrides` win over all.

A better source always writes. A lesser one writes what no better one gave, and what a better one gave that has been
silent for too long. Who wrote an attribute is kept in `origins`, but for the agent's own, which are most.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec

from cmdb.model.ci import ConfigurationItem

AGENT = "agent"
# Best first, by the first word of a source's name (`hypervisor esx-4`, `import glpi`).
PRECEDENCE = (AGENT, "hypervisor", "cloud", "import")
STALE_AFTER = timedelta(hours=24)


class Written(msgspec.Struct, frozen=True):
    """Attributes after a source wrote, and who wrote those that are not the agent's."""

    attributes: dict[str, Any]
    origins: dict[str, str]


class Drift(msgspec.Struct, frozen=True):
    """An attribute that a person set and a source sees otherwise."""

    attribute: str
    set: Any
    observed: Any


def rank(source: str) -> int:
    """Lower is better; a source that nobody ranked is the last."""
    kind = source.partition(" ")[0]
    return PRECEDENCE.index(kind) if kind in PRECEDENCE else len(PRECEDENCE)


def written(
    before: ConfigurationItem,
    observed: Mapping[str, Any],
    source: str,
    *,
    whole: bool,
    at: datetime,
    heard: Mapping[str, datetime] = MappingProxyType({}),
) -> Written:
    """What the item's attributes are once this source wrote; a whole view takes away what it no longer gives.

    `heard` is when sources last spoke, where that is later than the item says: an unchanged item is not written.
    """
    if source == AGENT and not before.origins:
        return Written(dict(observed) if whole else {**before.attributes, **observed}, {})
    sources = {**before.sources, **heard}
    attributes, origins = dict(before.attributes), dict(before.origins)
    for name, value in observed.items():
        holder = origins.get(name, AGENT) if name in attributes else source
        if rank(source) <= rank(holder) or _is_stale(sources.get(holder), at):
            attributes[name] = value
            origins[name] = source
    if whole:
        for name in [name for name in attributes if origins.get(name, AGENT) == source and name not in observed]:
            del attributes[name]
            origins.pop(name, None)
    return Written(attributes, {name: holder for name, holder in origins.items() if holder != AGENT})


def drift(item: ConfigurationItem) -> list[Drift]:
    """Where a person's value differs from what is observed."""
    return [
        Drift(name, value, item.attributes[name])
        for name, value in sorted(item.overrides.items())
        if name in item.attributes and item.attributes[name] != value
    ]


def _is_stale(last: datetime | None, at: datetime) -> bool:
    return last is None or at - last > STALE_AFTER
