"""`ci.group.*`: redundancy groups, that people declare: of some items so many must be well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec

from cmdb.hub.api.find import by_id_or_name
from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.group_rows import group_row
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind
from cmdb.model.relation import Relation
from cmdb.practices.redundancy import Redundancy, group_of, groups, joined, left

MOST_MEMBERS = 256
GroupName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][\w .-]{0,63}$")]


class AddArguments(Arguments, frozen=True, kw_only=True):
    """The dependant `id` needs `needed` of the group's members; those that it has already stay in it."""

    id: str
    name: GroupName
    members: list[str] = []
    needed: Annotated[int, msgspec.Meta(ge=1, le=MOST_MEMBERS)] = 1


class RemoveArguments(Arguments, frozen=True, kw_only=True):
    """Takes these members out, or without any the whole group apart."""

    id: str
    name: str
    members: list[str] = []


class GroupsArguments(ListArguments, frozen=True, kw_only=True):
    """Those of one dependant (`id`), else all."""

    id: str = ""


async def add(hub: Hub, session: Session, args: AddArguments) -> Row:
    """The group as it is then."""
    dependant = await by_id_or_name(hub.store, Kind.CI, args.id)
    named = [(await by_id_or_name(hub.store, Kind.CI, member))["id"] for member in args.members]
    known = await _relations(hub, dependant["id"])
    group = (*(one.target for one in known if group_of(one) == args.name), *named)
    members = tuple(dict.fromkeys(group))
    _refuse_unfit(args, dependant["id"], members)
    wanted = Redundancy(dependant["id"], args.name, args.needed, members)
    changes = joined(wanted, {one.id: one for one in known}, hub.clock.now())
    reason = f"{dependant['name']} needs {args.needed} of {len(members)} in {args.name}"
    await hub.ledger.commit(changes, actor=session.actor, reason=reason)
    return await group_row(hub.store, hub.census, wanted)


async def remove(hub: Hub, session: Session, args: RemoveArguments) -> Row:
    """What is left of the group; nothing (`members` empty) when it is gone."""
    dependant = await by_id_or_name(hub.store, Kind.CI, args.id)
    known = [one for one in await _relations(hub, dependant["id"]) if group_of(one) == args.name]
    if not known:
        raise not_found("group", f"{args.name} of {dependant['name']}")
    leaving = [(await by_id_or_name(hub.store, Kind.CI, member))["id"] for member in args.members]
    there = {one.target for one in known}
    strangers = [name for name, id_ in zip(args.members, leaving, strict=True) if id_ not in there]
    if strangers:
        raise Refused(Code.NOT_FOUND, f"member {strangers[0]}", f"is not in {args.name}", "watchdeck ci group list")
    (group,) = groups(known)
    staying = tuple(member for member in group.members if leaving and member not in leaving)
    if staying and len(staying) < group.needed:
        why = f"only {len(staying)} would be left, and {group.needed} are needed"
        raise Refused(
            Code.USAGE,
            f"group {args.name}",
            why,
            f"need fewer: watchdeck ci group add {dependant['name']} {args.name} --needed N",
        )
    changes = left(known, leaving or group.members)
    await hub.ledger.commit(changes, actor=session.actor, reason=f"{args.name} of {dependant['name']}: members left")
    return await group_row(hub.store, hub.census, group._replace(members=staying))


async def list_(hub: Hub, _session: Session, args: GroupsArguments) -> list[Row]:
    where = {"type": "depends_on"}
    if args.id:
        where = {"source": (await by_id_or_name(hub.store, Kind.CI, args.id, args.at))["id"]}
    found = await hub.store.find(Kind.RELATION, where, lambda one: "group" in one["evidence"], at=args.at)
    relations = [msgspec.convert(one, Relation) for one in found]
    return listed(
        [await group_row(hub.store, hub.census, group) for group in groups(relations)], args, "dependant_name,name"
    )


def _refuse_unfit(args: AddArguments, dependant: str, members: Sequence[str]) -> None:
    what = f"group {args.name}"
    if dependant in members:
        raise Refused(Code.USAGE, what, "an item cannot stand in for what it depends on itself")
    if not 2 <= len(members) <= MOST_MEMBERS:
        raise Refused(Code.USAGE, what, f"would have {len(members)} of 2 to {MOST_MEMBERS} members", "name others")
    if args.needed > len(members):
        raise Refused(Code.USAGE, what, f"needs {args.needed} of {len(members)}", "need fewer, or name more members")


async def _relations(hub: Hub, dependant: str) -> list[Relation]:
    found = await hub.store.read(Kind.RELATION, Relation, "source", [dependant])
    return [relation for relation in found if relation.type == "depends_on"]


VERBS: Mapping[str, Verb] = {
    "ci.group.add": Verb(AddArguments, add, Role.OPERATOR),
    "ci.group.remove": Verb(RemoveArguments, remove, Role.OPERATOR),
    "ci.group.list": Verb(GroupsArguments, list_),
}
