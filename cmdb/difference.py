"""Which attributes of a record changed, as history keeps them. Volatile fields never make a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cmdb.model.kind import Kind
from cmdb.store.protocol import Difference, Document

# Written when they change, never compared: a scan that found nothing new leaves no history.
VOLATILE: Mapping[Kind, frozenset[str]] = {
    Kind.CI: frozenset({"metrics", "sources", "origins", "last_seen", "missing_reports"}),
    Kind.RELATION: frozenset({"evidence", "last_seen"}),
    Kind.AGENT: frozenset({"connected_at", "last_heard", "last_report", "sections", "serial", "look_again_at"}),
    Kind.CHECK: frozenset({"last_result", "last_result_at", "metrics", "output", "since", "attempt"}),
    Kind.INCIDENT: frozenset({"timeline", "effects", "suspects"}),  # history already, each with its moments
    Kind.BASELINE: frozenset({"items"}),  # as large as a host; the audit says who approved what
    Kind.SERVICE: frozenset({"since", "reasons"}),
}
# Kinds that are history themselves, or counters: rows about them would say everything twice.
WITHOUT_HISTORY = frozenset({Kind.INTERVAL, Kind.COUNTER, Kind.DECISION, Kind.WATCH, Kind.ESCALATION, Kind.DELIVERY})
_NOT_COMPARED = {kind: VOLATILE.get(kind, frozenset()) | {"version"} for kind in Kind}
_NESTED = frozenset({"attributes", "overrides", "keys"})  # compared key by key


def differences(kind: Kind, id_: str, before: Document | None, after: Document | None) -> tuple[Difference, ...]:
    """The history rows of one write. Creation and deletion are one row, with "" as attribute."""
    if kind in WITHOUT_HISTORY:
        return ()
    if before is None or after is None:
        return (Difference(kind, id_, "", _headline(before), _headline(after)),)
    changed = _changed(before, after, _NOT_COMPARED[kind])
    return tuple(Difference(kind, id_, attribute, old, new) for attribute, old, new in changed)


def same_but_version(before: Document, after: Document) -> bool:
    """Nothing at all changed: the write can be dropped."""
    return before == {**after, "version": before["version"]} if "version" in before else before == after


def _headline(document: Document | None) -> dict[str, Any] | None:
    if document is None:
        return None
    return {name: document[name] for name in ("class", "name", "title", "status", "state", "type") if name in document}


def _changed(before: Document, after: Document, ignored: frozenset[str]) -> Iterator[tuple[str, Any, Any]]:
    changed = [name for name, new in after.items() if before.get(name) != new]
    gone = [name for name, old in before.items() if name not in after and old is not None]
    for name in sorted(changed + gone):
        old, new = before.get(name), after.get(name)
        if name in ignored:
            continue
        if name in _NESTED and isinstance(old, dict) and isinstance(new, dict):
            for inner in sorted({*old, *new}):
                if old.get(inner) != new.get(inner):
                    yield f"{name}.{inner}", old.get(inner), new.get(inner)
        else:
            yield name, old, new
