"""Which attributes of a record changed, as history keeps them. Volatile fields never make a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cmdb.model.kind import Kind
from cmdb.store.protocol import Difference, Document

# Written when they change, never compared: a scan that found nothing new leaves no history.
VOLATILE: Mapping[Kind, frozenset[str]] = {
    Kind.CI: frozenset({"metrics", "sources", "origins", "last_seen", "missing_reports"}),
    Kind.RELATION: frozenset({"evidence", "last_seen"}),
    Kind.AGENT: frozenset({"connected_at", "last_heard", "last_report", "sections", "serial", "look_again_at"}),
    Kind.CHECK: frozenset({"last_result", "last_result_at", "metrics", "output", "since", "attempt"}),
    Kind.INCIDENT: frozenset({"timeline", "affected", "suspects"}),  # history already, each with its moments
    Kind.BASELINE: frozenset({"items"}),  # as large as a host; the audit says who approved what
    Kind.SERVICE: frozenset({"since", "reasons"}),
}
# Kinds that are history themselves, or counters: rows about them would say everything twice.
WITHOUT_HISTORY = frozenset(
    {Kind.EFFECT, Kind.INTERVAL, Kind.COUNTER, Kind.DECISION, Kind.WATCH, Kind.ESCALATION, Kind.DELIVERY}
)
_NOT_COMPARED = {kind: VOLATILE.get(kind, frozenset()) | {"version"} for kind in Kind}
_NESTED = frozenset({"attributes", "overrides", "keys"})  # compared key by key


def differences(kind: Kind, id_: str, before: Document | None, after: Document | None) -> Sequence[Difference]:
    """The history rows of one write. Creation and deletion are one row, with "" as attribute."""
    if kind in WITHOUT_HISTORY:
        return ()
    if before is None or after is None:
        return (Difference(kind, id_, "", _headline(before), _headline(after)),)
    return differences_in(kind, id_, before, after, changed_fields(before, after))


def differences_in(
    kind: Kind, id_: str, before: Document, after: Document, fields: Iterable[str]
) -> Sequence[Difference]:
    """The same of a record that was there and stays, when its changed fields are known."""
    if kind in WITHOUT_HISTORY:
        return ()
    ignored = _NOT_COMPARED[kind]
    rows: list[Difference] = []
    for name in fields:
        if name in ignored:
            continue
        old, new = before.get(name), after.get(name)
        if name in _NESTED and isinstance(old, dict) and isinstance(new, dict):
            rows += [
                Difference(kind, id_, f"{name}.{inner}", old.get(inner), new.get(inner))
                for inner in _told_once(changed_fields(old, new))
            ]
        else:
            rows.append(Difference(kind, id_, name, old, new))
    return rows


def _told_once(names: list[str]) -> list[str]:
    """Without what another of them says too: a package's upgrade is one row, and its purl holds its version."""
    return [name for name in names if name != "version"] if "purl" in names else names


def changed_fields(before: Document, after: Document) -> list[str]:
    """The names in order whose values differ; what is None and what is not there are the same."""
    there_before = before.get  # looked up once: this is done for every field of every record that is written
    changed = [name for name, new in after.items() if there_before(name) != new]
    if before.keys() != after.keys():
        changed += [name for name, old in before.items() if name not in after and old is not None]
    if len(changed) > 1:
        changed.sort()
    return changed


def same_but_version(before: Document, after: Document) -> bool:
    """Nothing at all changed: the write can be dropped."""
    return before == {**after, "version": before["version"]} if "version" in before else before == after


def _headline(document: Document | None) -> dict[str, Any] | None:
    if document is None:
        return None
    return {name: document[name] for name in ("class", "name", "title", "status", "state", "type") if name in document}
