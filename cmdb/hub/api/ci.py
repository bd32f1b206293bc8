"""`ci.*`: configuration items."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from cmdb.hub.api.verb import ListArguments, Verb
from cmdb.hub.census import worst
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.rows import Row, StateOf, ci_row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind


class CiListArguments(ListArguments, frozen=True, kw_only=True):
    """`all`: retired ones too."""

    class_: str = msgspec.field(default="", name="class")
    all: bool = False


async def list_(hub: Hub, _session: Session, args: CiListArguments) -> list[Row]:
    equals = {"class": args.class_} if args.class_ else None
    state_of = await states_at(hub, args)
    found = await hub.store.find(Kind.CI, equals, at=args.at)
    wanted = [ci for ci in found if args.all or ci["status"] != "retired"]
    return listed([await ci_row(hub.store, ci, state_of, args.at) for ci in wanted], args, "class,name")


async def states_at(hub: Hub, args: ListArguments) -> StateOf:
    """How to know a CI's state at the moment that the list is of."""
    if args.at is None:
        return hub.census.state_of
    states: dict[str, list[str]] = {}
    for check in await hub.store.find(Kind.CHECK, at=args.at):
        states.setdefault(check["ci"], []).append(check["state"])
    return lambda ci: worst(states.get(ci, ()))


VERBS: Mapping[str, Verb] = {
    "ci.list": Verb(CiListArguments, list_),
}
