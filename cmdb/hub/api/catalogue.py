"""`catalogue.*`: what is offered now, the versions that were published, and what changed between them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.catalogue import CatalogueVersion, Entry
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.practices.catalogue import compared, entries_of, published, retired
from cmdb.store.protocol import StaleVersion

NOW = 0  # as a version's number: what is offered now, published or not


class NumberArguments(Arguments, frozen=True, kw_only=True):
    number: int = NOW


class PublishArguments(Arguments, frozen=True, kw_only=True):
    note: str = ""


class DiffArguments(Arguments, frozen=True, kw_only=True):
    """Without `before`: the last published version; `after` 0 is now."""

    before: int | None = None
    after: int = NOW


async def list_(hub: Hub, _session: Session, args: ListArguments) -> list[Row]:
    rows = [
        {name: value for name, value in one.items() if name != "entries"} | {"services": len(one["entries"])}
        for one in await hub.store.find(Kind.CATALOGUE, at=args.at)
    ]
    return listed(rows, args, "-number")


async def show(hub: Hub, _session: Session, args: NumberArguments) -> list[Row]:
    entries: list[Row] = msgspec.to_builtins(await _entries(hub, args.number))
    return entries


async def publish(hub: Hub, session: Session, args: PublishArguments) -> Row:
    """Refused when nothing differs from the last version: a number that says nothing new confuses everybody."""
    last, entries = await _last(hub), _entries_now(hub)
    if last is not None and last.retired_at is None and not compared(last.entries, entries):
        raise Refused(Code.CONFLICT, "catalogue publish", f"version {last.number} says the same")
    number = 1 if last is None else last.number + 1
    version = published(number, entries, session.actor, hub.clock.now(), args.note)
    return await _written(hub, session, version, "catalogue published")


async def retire(hub: Hub, session: Session, args: NumberArguments) -> Row:
    version = await _version(hub, args.number)
    return await _written(hub, session, retired(version, session.actor, hub.clock.now()), "catalogue version retired")


async def diff(hub: Hub, _session: Session, args: DiffArguments) -> list[Row]:
    before = args.before
    if before is None:
        last = await _last(hub)
        before = NOW if last is None else last.number
    found = compared(await _entries(hub, before), await _entries(hub, args.after))
    rows: list[Row] = msgspec.to_builtins(found)
    return rows


def _entries_now(hub: Hub) -> tuple[Entry, ...]:
    return entries_of(hub.services.services.values(), hub.services.agreements.values())


async def _entries(hub: Hub, number: int) -> tuple[Entry, ...]:
    return _entries_now(hub) if number == NOW else (await _version(hub, number)).entries


async def _version(hub: Hub, number: int) -> CatalogueVersion:
    document = await hub.store.get(Kind.CATALOGUE, str(number))
    if document is None:
        raise not_found("catalogue", number)
    return msgspec.convert(document, CatalogueVersion)


async def _last(hub: Hub) -> CatalogueVersion | None:
    found = [msgspec.convert(one, CatalogueVersion) for one in await hub.store.find(Kind.CATALOGUE)]
    return max(found, key=lambda version: version.number, default=None)


async def _written(hub: Hub, session: Session, version: CatalogueVersion, reason: str) -> Row:
    try:
        await hub.ledger.commit([Put(Kind.CATALOGUE, version, version.version)], actor=session.actor, reason=reason)
    except StaleVersion as error:
        raise Refused(Code.CONFLICT, error.what, error.why, error.next_step) from error
    return {name: value for name, value in version.body().items() if name != "entries"}


VERBS: Mapping[str, Verb] = {
    "catalogue.list": Verb(ListArguments, list_),
    "catalogue.show": Verb(NumberArguments, show),
    "catalogue.publish": Verb(PublishArguments, publish, Role.ADMIN),
    "catalogue.retire": Verb(NumberArguments, retire, Role.ADMIN),
    "catalogue.diff": Verb(DiffArguments, diff),
}
