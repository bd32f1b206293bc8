"""Which CI depends on which: the edges along which trouble travels. Not how they are walked, nor how they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmdb.model.relation import IMPACT_FLOWS, Flow

# Trouble at the source reaches the target: software that is down answers on none of its endpoints.
REVERSED = frozenset(type_ for type_, flow in IMPACT_FLOWS.items() if flow is Flow.TO_TARGET)
# A program is as well as the unit or container that runs it; other parts say nothing about their whole.
RUNNERS = frozenset({"unit", "container"})
# Files and entries in them: nothing of theirs stops when their host does.
UNTOUCHED = frozenset({"account", "certificate", "image", "kernel_module", "package"})


def dependency(relation: Mapping[str, Any], target_class: str | None) -> tuple[str, str] | None:
    """(dependant, what it depends on) of a relation; None when trouble does not travel along it."""
    source, type_, target = relation["source"], relation["type"], relation["target"]
    flow = IMPACT_FLOWS.get(type_, Flow.NOWHERE)
    if flow is Flow.TO_TARGET:
        return target, source
    if flow is Flow.TO_SOURCE or (type_ == "part_of" and target_class in RUNNERS):
        return source, target
    return None


def lives_on(ci: Mapping[str, Any]) -> str | None:
    """The host that this CI goes down with; None for a host, and for what is only written down there."""
    host = ci.get("host")
    return None if host is None or host == ci["id"] or ci["class"] in UNTOUCHED else str(host)
