"""The service catalogue: what is offered, as entries that can be published, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cmdb.model.catalogue import CatalogueVersion, Entry, Offering
from cmdb.model.service import Agreement, Service


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that two catalogues say differently. `what` is "" when the whole service is new or gone."""

    service: str
    what: str
    before: Any = None
    after: Any = None


def entries_of(services: Iterable[Service], agreements: Iterable[Agreement]) -> tuple[Entry, ...]:
    """The catalogue of those services that are live, with the agreements in force as their offerings, by name."""
    offered = sorted(agreements, key=lambda agreement: agreement.name)
    return tuple(
        Entry(
            **{name: getattr(service, name) for name in _TAKEN},
            offerings=tuple(_offering(one, service) for one in offered if one.service == service.name),
        )
        for service in sorted(services, key=lambda service: service.name)
        if service.stage == "live"
    )


def published(number: int, entries: tuple[Entry, ...], who: str, at: datetime, note: str = "") -> CatalogueVersion:
    return CatalogueVersion(
        id=str(number), number=number, note=note, published_at=at, published_by=who, entries=entries
    )


def retired(version: CatalogueVersion, who: str, at: datetime) -> CatalogueVersion:
    """Once: who retired it first is kept."""
    if version.retired_at is not None:
        return version
    return msgspec.structs.replace(version, retired_at=at, retired_by=who)


def compared(before: Sequence[Entry], after: Sequence[Entry]) -> tuple[Difference, ...]:
    """What became of each service and its offerings, by name."""
    old, new = {one.name: one for one in before}, {one.name: one for one in after}
    found: list[Difference] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            found.append(Difference(service=name, what="", before=name in old, after=name in new))
            continue
        mine, theirs = _said(old[name]), _said(new[name])
        found.extend(
            Difference(service=name, what=what, before=mine.get(what), after=theirs.get(what))
            for what in sorted(mine.keys() | theirs.keys())
            if mine.get(what) != theirs.get(what)
        )
    return tuple(found)


_TAKEN = (
    "name", "kind", "title", "description", "owner", "customers", "criticality", "hours", "timezone", "components",
)  # fmt: skip


def _offering(agreement: Agreement, service: Service) -> Offering:
    taken = {field.name: getattr(agreement, field.name) for field in msgspec.structs.fields(Offering)}
    return Offering(**{**taken, "hours": agreement.hours or service.hours})


def _said(entry: Entry) -> dict[str, Any]:
    """Everything that an entry says, flat: offerings by their names."""
    said: dict[str, Any] = msgspec.to_builtins(entry)
    for offering in said.pop("offerings"):
        said |= {f"{offering['name']}.{term}": value for term, value in offering.items() if term != "name"}
    return said
