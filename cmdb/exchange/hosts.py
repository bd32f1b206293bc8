"""A host with everything on it, as documents of the record: what every export is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Ci = Mapping[str, Any]


@dataclass(frozen=True)
class HostDocuments:
    """`items` are the host's, without those that are gone. Values that a person set win over what was observed."""

    host: Ci
    items: tuple[Ci, ...]

    def of(self, class_: str) -> list[Ci]:
        """The items of one class, by key."""
        return sorted((ci for ci in self.items if ci["class"] == class_), key=lambda ci: str(ci["key"]))

    def first(self, class_: str) -> Ci | None:
        """The only one, or the first by key."""
        return next(iter(self.of(class_)), None)


def host_documents(host: Ci, items: list[Ci]) -> HostDocuments:
    """The host's own document and those of its items, as an export sees them."""
    living = [_as_seen(ci) for ci in items if ci["status"] == "in_use" and ci["id"] != host["id"]]
    return HostDocuments(_as_seen(host), tuple(living))


def _as_seen(ci: Ci) -> Ci:
    return {**ci, "attributes": {**ci["attributes"], **ci.get("overrides", {})}}
