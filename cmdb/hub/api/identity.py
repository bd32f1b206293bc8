"""`ci.why`, `ci.review`, `ci.pin`, `ci.merge`, `ci.unmerge`: which record is which thing, and what people say of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from cmdb.hub.agents import NotConnected
from cmdb.hub.api.find import by_id_or_name
from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.identity.keys import comparable
from cmdb.identity.merge import Person, Unmergeable, Whole, merge, pin, settled, unmerge
from cmdb.identity.records import explained
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Change, Put, Remove
from cmdb.model.ci import ConfigurationItem
from cmdb.model.decision import Decision, Review
from cmdb.model.kind import Kind, Record
from cmdb.model.relation import Relation
from cmdb.store.protocol import Document, Forgotten

R = TypeVar("R")

_STRUCTS: Mapping[Kind, type[Record]] = {Kind.CI: ConfigurationItem, Kind.RELATION: Relation}


class CiArguments(Arguments, frozen=True, kw_only=True):
    """`id` is an id, or a name that only one has."""

    id: str


class ReviewArguments(ListArguments, frozen=True, kw_only=True):
    """`all`: settled ones too."""

    all: bool = False


class PinArguments(Arguments, frozen=True, kw_only=True):
    """`review` is the question that this answers; its observation is the CI `id`, or (empty) one that is new."""

    review: str
    id: str = ""


class MergeArguments(Arguments, frozen=True, kw_only=True):
    """`id` is kept, `other` becomes part of it."""

    id: str
    other: str


async def why(hub: Hub, _session: Session, args: CiArguments) -> list[Row]:
    """Newest first, each with its sentences."""
    ci = await by_id_or_name(hub.store, Kind.CI, args.id)
    host = ci["id"] if ci.get("host") in {None, ci["id"]} else ci["host"]
    found = _read(Decision, await hub.store.find(Kind.DECISION, {"ci": host}))
    return [one.body() | {"sentences": explained(one)} for one in sorted(found, key=lambda one: one.at, reverse=True)]


async def review(hub: Hub, _session: Session, args: ReviewArguments) -> list[Row]:
    found = await hub.store.find(Kind.REVIEW, None if args.all else {"state": "open"}, at=args.at)
    return listed([dict(one) for one in found], args, "opened_at")


async def pin_(hub: Hub, session: Session, args: PinArguments) -> Row:
    """The CI that the observation is now; its agent is asked to report again."""
    document = await hub.store.get(Kind.REVIEW, args.review)
    if document is None:
        raise not_found("review", args.review)
    asked = msgspec.convert(document, Review)
    if asked.state != "open":
        why_ = f"was settled by {asked.settled_by}: {asked.answer}"
        raise Refused(Code.CONFLICT, f"review {asked.id}", why_, "see `watchdeck ci why`")
    who = Person(session.actor, hub.clock.now())
    ci = await _ci(hub, args.id) if args.id else _new(hub, asked)
    keys = comparable(asked.keys)
    changes = _checked(lambda: pin(ci, keys, who))
    answer = f"it is {ci.name} ({ci.id})" if args.id else f"it is new: {ci.id}"
    await hub.ledger.commit([*changes, settled(asked, answer, who)], actor=session.actor, reason=answer)
    await _scan(hub, asked.source)
    return dict(await by_id_or_name(hub.store, Kind.CI, ci.id))


async def merge_(hub: Hub, session: Session, args: MergeArguments) -> Row:
    """The kept CI."""
    kept, dropped = await _whole(hub, args.id), await _whole(hub, args.other)
    who = Person(session.actor, hub.clock.now())
    changes = _checked(lambda: merge(kept, dropped, who))
    gone = {change.id for change in changes if isinstance(change, Remove) and change.kind is Kind.CI}
    changes += await _checks_of(hub, gone)
    changes += [*await _whole_reports(hub, dropped.ci.id, kept.ci.id), *await _whole_reports(hub, kept.ci.id)]
    pair = {kept.ci.id, dropped.ci.id}
    for asked in _read(Review, await hub.store.find(Kind.REVIEW, {"state": "open"})):
        if pair & set(asked.candidates):
            changes.append(settled(asked, f"{dropped.ci.name} was merged into {kept.ci.name}", who))
    reason = f"{dropped.ci.name} ({dropped.ci.id}) is {kept.ci.name} ({kept.ci.id})"
    await hub.ledger.commit(changes, actor=session.actor, reason=reason)
    return dict(await by_id_or_name(hub.store, Kind.CI, kept.ci.id))


async def unmerge_(hub: Hub, session: Session, args: CiArguments) -> Row:
    """Undo the last merge into this CI: the CI, as it is then."""
    ci = await by_id_or_name(hub.store, Kind.CI, args.id)
    decisions = _read(Decision, await hub.store.find(Kind.DECISION, {"ci": ci["id"]}))
    merges = sorted((one for one in decisions if one.outcome == "merged" and not one.undone), key=lambda one: one.at)
    if not merges:
        raise Refused(Code.WRONG, f"ci {ci['name']}", "nothing was merged into it", "see `watchdeck ci why`")
    last = merges[-1]
    just_before = last.at - timedelta(microseconds=1)
    try:
        then = [await _record(hub, kind, id_, just_before) for kind, id_ in last.touched]
    except Forgotten as error:
        raise Refused(Code.WRONG, f"ci {ci['name']}", "what it was before is forgotten", str(error)) from error
    now = [await _record(hub, kind, id_, None) for kind, id_ in last.touched]
    changes = _checked(lambda: unmerge(last, then, now, Person(session.actor, hub.clock.now())))
    changes += await _whole_reports(hub, ci["id"])
    await hub.ledger.commit(changes, actor=session.actor, reason=f"undid: {last.rule}")
    return dict(await by_id_or_name(hub.store, Kind.CI, ci["id"]))


def _checked(decide: Callable[[], list[Change]]) -> list[Change]:
    try:
        return decide()
    except Unmergeable as error:
        raise Refused(Code.WRONG, str(error)) from error


def _new(hub: Hub, asked: Review) -> ConfigurationItem:
    """The host that a person says is none of those on record; its first report fills it."""
    now = hub.clock.now()
    id_ = hub.recognition.new_host_id()
    return ConfigurationItem(
        id=id_, class_="host", name=asked.name, host=id_, key="host", keys=asked.keys, first_seen=now, last_seen=now
    )


async def _ci(hub: Hub, id_: str) -> ConfigurationItem:
    return msgspec.convert(await by_id_or_name(hub.store, Kind.CI, id_), ConfigurationItem)


async def _whole(hub: Hub, id_: str) -> Whole:
    ci = await _ci(hub, id_)
    on_it = _read(ConfigurationItem, await hub.store.find(Kind.CI, {"host": ci.id})) if ci.host == ci.id else []
    children = [child for child in on_it if child.id != ci.id]
    relations = {}
    for one in [ci, *children]:
        for end in ("source", "target"):
            for relation in _read(Relation, await hub.store.find(Kind.RELATION, {end: one.id})):
                relations[relation.id] = relation
    return Whole(ci, children, list(relations.values()))


async def _checks_of(hub: Hub, cis: Iterable[str]) -> list[Change]:
    """Those of items that are no more; the next report gives what is kept its own."""
    found = [check for ci in sorted(cis) for check in await hub.store.find(Kind.CHECK, {"ci": ci})]
    return [Remove(Kind.CHECK, check["id"], check["version"]) for check in found]


async def _whole_reports(hub: Hub, host: str, now: str | None = None) -> list[Change]:
    """The agents of a host report all of it the next time, and that it is `now`."""
    agents = _read(AgentRecord, await hub.store.find(Kind.AGENT, {"host": host}))
    return [Put(Kind.AGENT, msgspec.structs.replace(one, host=now or host, sections={}), one.version) for one in agents]


async def _record(hub: Hub, kind: str, id_: str, at: datetime | None) -> Record | None:
    document = await hub.store.get(Kind(kind), id_, at=at)
    return None if document is None else msgspec.convert(document, _STRUCTS[Kind(kind)])


async def _scan(hub: Hub, agent: str) -> None:
    """Now, where it is connected; else with its next report."""
    with contextlib.suppress(NotConnected):
        await hub.agents.scan_now(agent)


def _read(type_: type[R], documents: Iterable[Document]) -> list[R]:
    return [msgspec.convert(document, type_) for document in documents]


VERBS: Mapping[str, Verb] = {
    "ci.why": Verb(CiArguments, why),
    "ci.review": Verb(ReviewArguments, review),
    "ci.pin": Verb(PinArguments, pin_, Role.OPERATOR),
    "ci.merge": Verb(MergeArguments, merge_, Role.OPERATOR),
    "ci.unmerge": Verb(CiArguments, unmerge_, Role.OPERATOR),
}
