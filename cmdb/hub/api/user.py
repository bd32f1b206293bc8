"""`user.*`: who may come in by SSH, and as what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.session import Session
from cmdb.model.change import Put, Remove
from cmdb.model.kind import Kind
from cmdb.model.user import User
from cmdb.ssh_key import NoKey, fingerprint, public_key

_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")


class AddArguments(Arguments, frozen=True, kw_only=True):
    """`key` is a line of a `.pub` file; without one the user comes in by certificate."""

    name: str
    role: str
    key: str = ""


class NameArguments(Arguments, frozen=True, kw_only=True):
    name: str


async def add(hub: Hub, session: Session, args: AddArguments) -> dict[str, Any]:
    """A new user; or another key, or another role, for one that is there."""
    if not _NAME.fullmatch(args.name):
        raise Refused(Code.USAGE, f"user {args.name!r}", "is no login name", "use a-z, 0-9, _ . -, up to 32 of them")
    try:
        role = Role.named(args.role).word
        keys = (public_key(args.key),) if args.key else ()
    except NoKey as error:
        raise Refused(Code.USAGE, f"key of {args.name}", str(error), "make one with: ssh-keygen -t ed25519") from error
    except ValueError as error:
        raise Refused(Code.USAGE, f"role of {args.name}", str(error)) from error
    await _refuse_a_key_of_another(hub, args.name, keys)
    known = await hub.ledger.get(Kind.USER, args.name)
    user = User(id=args.name, role=role, keys=keys, added_at=hub.clock.now())
    if known is not None:
        before = msgspec.convert(known, User)
        user = msgspec.structs.replace(before, role=role, keys=tuple(dict.fromkeys((*before.keys, *keys))))
    await hub.ledger.commit(
        [Put(Kind.USER, user, 0 if known is None else known["version"])], actor=session.actor, reason="user add"
    )
    return _row((await hub.ledger.get(Kind.USER, args.name)) or {})


async def list_(hub: Hub, _session: Session, args: ListArguments) -> list[dict[str, Any]]:
    return listed([_row(user) for user in await hub.store.find(Kind.USER, at=args.at)], args, "name")


async def remove(hub: Hub, session: Session, args: NameArguments) -> dict[str, Any]:
    """They are out at once."""
    known = await hub.ledger.get(Kind.USER, args.name)
    if known is None:
        raise Refused(Code.NOT_FOUND, f"user {args.name}", "there is none of that name", "see: watchdeck user list")
    await hub.ledger.commit([Remove(Kind.USER, args.name, known["version"])], actor=session.actor, reason="user remove")
    return {"name": args.name}


async def _refuse_a_key_of_another(hub: Hub, name: str, keys: tuple[str, ...]) -> None:
    """A key is one person's or one agent's: who did it must never be in doubt."""
    for kind in (Kind.USER, Kind.AGENT):
        for other in await hub.store.find(kind):
            if set(keys) & set(other.get("keys", ())) and (kind, other["id"]) != (Kind.USER, name):
                raise Refused(
                    Code.CONFLICT, f"key of {name}", f"it is that of {kind} {other.get('name', other['id'])} already",
                    "make one of their own with: ssh-keygen -t ed25519",
                )  # fmt: skip


def _row(user: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": user["id"],
        "name": user["id"],
        "role": user["role"],
        "keys": [fingerprint(key) for key in user["keys"]],
        "added_at": user["added_at"],
        "version": user["version"],
    }


VERBS: Mapping[str, Verb] = {
    "user.add": Verb(AddArguments, add, Role.ADMIN),
    "user.list": Verb(ListArguments, list_, Role.ADMIN),
    "user.remove": Verb(NameArguments, remove, Role.ADMIN),
}
