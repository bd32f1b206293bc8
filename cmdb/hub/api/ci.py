"""`ci.*`: configuration items."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from cmdb.hub.api.check import numbers_at
from cmdb.hub.api.find import by_id_or_name
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.census import worst
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.rows import Row, StateOf, check_row, ci_row, history_row
from cmdb.hub.session import Session
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.precedence import drift


class CiListArguments(ListArguments, frozen=True, kw_only=True):
    """`all`: retired ones too."""

    class_: str = msgspec.field(default="", name="class")
    all: bool = False


class CiArguments(Arguments, frozen=True, kw_only=True):
    """`id` is an id, or a name that only one has."""

    id: str
    at: datetime | None = None


class CiHistoryArguments(Arguments, frozen=True, kw_only=True):
    """`at`: as it was told then, so up to that moment."""

    id: str
    since: datetime | None = None
    limit: int | None = None
    at: datetime | None = None


async def list_(hub: Hub, _session: Session, args: CiListArguments) -> list[Row]:
    equals = {"class": args.class_} if args.class_ else None
    state_of = await states_at(hub, args.at)
    found = await hub.store.find(Kind.CI, equals, at=args.at)
    wanted = [ci for ci in found if args.all or ci["status"] != "retired"]
    rows = [await ci_row(hub.store, ci, state_of, args.at) for ci in wanted]
    hosts = {row["id"]: row for row in rows if row["class"] == "host"}
    if not hosts and "host" in args.filter:
        hosts = {one["id"]: dict(one) for one in await hub.store.find(Kind.CI, {"class": "host"}, at=args.at)}
    return listed(rows, args, "class,name", hosts.get)


async def states_at(hub: Hub, at: datetime | None) -> StateOf:
    """How to know a CI's state at the moment that the answer is of."""
    if at is None:
        return hub.census.state_of
    states: dict[str, list[str]] = {}
    for check in await hub.store.find(Kind.CHECK, at=at):
        states.setdefault(check["ci"], []).append(check["state"])
    return lambda ci: worst(states.get(ci, ()))


async def show(hub: Hub, _session: Session, args: CiArguments) -> Row:
    """The CI with its relations, seen from it, its checks, and where a person's value is not what is observed."""
    ci = await by_id_or_name(hub.store, Kind.CI, args.id, args.at)
    state_of = await states_at(hub, args.at)
    checks = await hub.store.find(Kind.CHECK, {"ci": ci["id"]}, at=args.at)
    number_of = await numbers_at(hub, args.at)
    return await ci_row(hub.store, ci, state_of, args.at) | {
        "relations": await _relations(hub, ci["id"], args.at),
        "checks": [await check_row(hub.store, check, number_of, args.at) for check in checks],
        "drift": [msgspec.structs.asdict(one) for one in drift(msgspec.convert(ci, ConfigurationItem))],
    }


async def history(hub: Hub, _session: Session, args: CiHistoryArguments) -> list[Row]:
    """Newest first."""
    ci = await by_id_or_name(hub.store, Kind.CI, args.id, args.at)
    until = None if args.at is None else args.at + timedelta(microseconds=1)  # what happened at that moment is told
    rows = await hub.store.history(Kind.CI, ci["id"], since=args.since, until=until, limit=args.limit)
    return [history_row(row) for row in rows]


async def _relations(hub: Hub, id_: str, at: datetime | None) -> list[Row]:
    ends = []
    for direction, near, far in (("out", "source", "target"), ("in", "target", "source")):
        for relation in await hub.store.find(Kind.RELATION, {near: id_}, at=at):
            other = await hub.store.get(Kind.CI, relation[far], at=at)
            if other is None or other["status"] == "retired":
                continue
            end = {"id": relation["id"], "type": relation["type"], "direction": direction, "ci": other["id"]}
            ends.append(end | {"class": other["class"], "name": other["name"], "evidence": relation["evidence"]})
    return sorted(ends, key=lambda end: (end["direction"] == "in", end["type"], end["class"], end["name"]))


VERBS: Mapping[str, Verb] = {
    "ci.list": Verb(CiListArguments, list_),
    "ci.show": Verb(CiArguments, show),
    "ci.history": Verb(CiHistoryArguments, history),
}
