"""`baseline.*`: approved states, what drifted from them, and who of a group is not like the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from agent.discovery.clean import clean_text
from cmdb.hub.api.find import by_id_or_name
from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.baseline_rows import baseline_row, items_of
from cmdb.hub.hub import Hub
from cmdb.hub.listing import compiled, listed
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.baseline import Baseline, Waiver
from cmdb.model.change import Put, Remove
from cmdb.model.kind import Kind
from cmdb.practices.baseline import accepted, drifted, odd_ones
from cmdb.store.protocol import Document

MOST_MEMBERS = 1000


class SetArguments(Arguments, frozen=True, kw_only=True):
    """Approve the CI `id`, or all that `filter` finds (hosts, where it names no class) under the group's `name`."""

    id: str = ""
    filter: str = ""
    name: str = ""
    text: str = ""


class DriftArguments(ListArguments, frozen=True, kw_only=True):
    """Of one CI or group (`id`), else of all; `all`: what is waived too."""

    id: str = ""
    all: bool = False


class OddArguments(Arguments, frozen=True, kw_only=True):
    """The group: the hosts that this filter finds."""

    filter: str


class ItemArguments(Arguments, frozen=True, kw_only=True):
    """`item` and `attribute` as `baseline.drift` names them; no attribute is the whole item."""

    id: str
    item: str
    attribute: str = ""


class IgnoreArguments(ItemArguments, frozen=True, kw_only=True):
    """`until` null is for good."""

    text: str
    until: datetime | None = None


class IdArguments(Arguments, frozen=True, kw_only=True):
    id: str


async def set_(hub: Hub, session: Session, args: SetArguments) -> list[Row]:
    """The baselines that were set."""
    if bool(args.id) == bool(args.filter) or (args.filter and not args.name):
        raise Refused(Code.USAGE, "baseline set", "takes an item, or a filter with a name for the group")
    found = [await by_id_or_name(hub.store, Kind.CI, args.id)] if args.id else await _members(hub, args.filter)
    now = hub.clock.now()
    records = []
    for ci in found:
        known = await hub.store.get(Kind.BASELINE, ci["id"])
        records.append(
            Baseline(
                id=ci["id"],
                name=clean_text(args.name, 128) or ci["name"],
                ci=ci["id"],
                at=now,
                by=session.actor,
                reason=clean_text(args.text),
                items=await items_of(hub.store, ci),
                waivers=() if known is None else _baseline(known).waivers,
            )
        )
    reason = clean_text(args.text) or f"approved {args.name or found[0]['name']}"
    changes = [Put(Kind.BASELINE, record) for record in records]
    await hub.ledger.commit(changes, actor=session.actor, reason=reason)
    return [await baseline_row(hub.store, hub.clock.now(), record) for record in records]


async def list_(hub: Hub, _session: Session, args: ListArguments) -> list[Row]:
    found = await hub.store.find(Kind.BASELINE, at=args.at)
    return listed(
        [await baseline_row(hub.store, hub.clock.now(), _baseline(one)) for one in found], args, "name,ci_name"
    )


async def drift(hub: Hub, _session: Session, args: DriftArguments) -> list[Row]:
    rows: list[Row] = []
    for baseline in await _asked(hub, args):
        ci = await hub.store.get(Kind.CI, baseline.ci, at=args.at)
        items = {} if ci is None else await items_of(hub.store, ci, args.at)
        own = {"baseline": baseline.name, "ci": baseline.ci, "ci_name": baseline.ci if ci is None else ci["name"]}
        for one in drifted(baseline, items, args.at or hub.clock.now()):
            if args.all or not one.waived:
                id_ = f"{baseline.ci}/{one.item}/{one.attribute}"
                rows.append({"id": id_, **own, **msgspec.structs.asdict(one)})
    return listed(rows, args, "baseline,ci_name,item,attribute")


async def odd(hub: Hub, _session: Session, args: OddArguments) -> list[Row]:
    found = await _members(hub, args.filter)
    members = {ci["id"]: await items_of(hub.store, ci) for ci in found}
    names = {ci["id"]: ci["name"] for ci in found}
    return [{**msgspec.structs.asdict(one), "name": names[one.member]} for one in odd_ones(members)]


async def accept(hub: Hub, session: Session, args: ItemArguments) -> Row:
    """The baseline: what is there now is approved."""
    baseline = await _one(hub, args.id)
    ci = await hub.store.get(Kind.CI, baseline.ci)
    try:
        after = accepted(baseline, {} if ci is None else await items_of(hub.store, ci), args.item, args.attribute)
    except KeyError:
        raise not_found("item", args.item) from None
    reason = f"approved {args.item} {args.attribute}".rstrip()
    await hub.ledger.commit([Put(Kind.BASELINE, after, baseline.version)], actor=session.actor, reason=reason)
    return await baseline_row(hub.store, hub.clock.now(), after)


async def ignore(hub: Hub, session: Session, args: IgnoreArguments) -> Row:
    """The baseline: this drift is let be."""
    baseline = await _one(hub, args.id)
    if not (reason := clean_text(args.text)):
        raise Refused(Code.USAGE, "baseline ignore", "needs a reason", "give it with -m")
    waiver = Waiver(item=args.item, attribute=args.attribute, reason=reason, by=session.actor, until=args.until)
    others = [one for one in baseline.waivers if (one.item, one.attribute) != (args.item, args.attribute)]
    after = msgspec.structs.replace(baseline, waivers=(*others, waiver))
    await hub.ledger.commit([Put(Kind.BASELINE, after, baseline.version)], actor=session.actor, reason=reason)
    return await baseline_row(hub.store, hub.clock.now(), after)


async def remove(hub: Hub, session: Session, args: IdArguments) -> dict[str, Any]:
    baseline = await _one(hub, args.id)
    change = Remove(Kind.BASELINE, baseline.id, baseline.version)
    await hub.ledger.commit([change], actor=session.actor, reason=f"no approved state of {baseline.name} any more")
    return {}


async def _members(hub: Hub, filter_: str) -> list[Document]:
    """The CIs that the filter finds: hosts, unless it says otherwise."""
    hosts = {one["id"]: one for one in await hub.store.find(Kind.CI, {"class": "host"})}
    accepts = compiled(filter_, hosts.get)
    every = list(hosts.values()) if "class" not in filter_ else await hub.store.find(Kind.CI)
    found = [ci for ci in every if ci["status"] != "retired" and accepts(ci)]
    if not found:
        raise Refused(Code.NOT_FOUND, f"--filter {filter_}", "finds nothing", "try it with `watchdeck ci list`")
    if len(found) > MOST_MEMBERS:
        raise Refused(Code.USAGE, f"--filter {filter_}", f"finds {len(found)}, more than {MOST_MEMBERS}", "narrow it")
    return found


async def _asked(hub: Hub, args: DriftArguments) -> list[Baseline]:
    """Those of a group by its name, else that of one CI, else all."""
    if not args.id:
        return [_baseline(one) for one in await hub.store.find(Kind.BASELINE)]
    group = await hub.store.find(Kind.BASELINE, {"name": args.id})
    return [_baseline(one) for one in group] or [await _one(hub, args.id)]


async def _one(hub: Hub, id_: str) -> Baseline:
    ci = await by_id_or_name(hub.store, Kind.CI, id_)
    known = await hub.store.get(Kind.BASELINE, ci["id"])
    if known is None:
        raise Refused(Code.NOT_FOUND, f"baseline of {ci['name']}", "is not set", f"watchdeck baseline set {ci['id']}")
    return _baseline(known)


def _baseline(document: Document) -> Baseline:
    return msgspec.convert(document, Baseline)


VERBS: Mapping[str, Verb] = {
    "baseline.set": Verb(SetArguments, set_, Role.OPERATOR),
    "baseline.list": Verb(ListArguments, list_),
    "baseline.drift": Verb(DriftArguments, drift),
    "baseline.odd": Verb(OddArguments, odd),
    "baseline.accept": Verb(ItemArguments, accept, Role.OPERATOR),
    "baseline.ignore": Verb(IgnoreArguments, ignore, Role.OPERATOR),
    "baseline.remove": Verb(IdArguments, remove, Role.OPERATOR),
}
