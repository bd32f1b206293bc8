"""Which CI depends on which: the edges along which trouble travels. Not how they are walked, nor how they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmdb.model.relation import IMPACT_FLOWS

# Trouble at the source reaches the target: software that is down answers on none of its endpoints.
REVERSED = frozenset({"supports", "listens_on"})
# A program is as well as the unit or container that runs it; other parts say nothing about their whole.
RUNNERS = frozenset({"unit", "container"})


def dependency(relation: Mapping[str, Any], target_class: str | None) -> tuple[str, str] | None:
    """(dependant, what it depends on) of a relation; None when trouble does not travel along it."""
    source, type_, target = relation["source"], relation["type"], relation["target"]
    if type_ in REVERSED:
        return target, source
    if IMPACT_FLOWS.get(type_, False) or (type_ == "part_of" and target_class in RUNNERS):
        return source, target
    return None
