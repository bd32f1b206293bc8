"""`audit.*`: who did what, and that the chain of it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cmdb.audit import verify as follow_to_its_end
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.role import Role
from cmdb.hub.session import Session

PAGE = 10_000


class AuditArguments(Arguments, frozen=True, kw_only=True):
    after_seq: int = 0
    limit: int = PAGE


class Nothing(Arguments, frozen=True, kw_only=True):
    pass


async def list_(hub: Hub, _session: Session, args: AuditArguments) -> list[dict[str, Any]]:
    return [msgspec.structs.asdict(row) for row in await hub.store.audit(after_seq=args.after_seq, limit=args.limit)]


async def verify(hub: Hub, _session: Session, _args: Nothing) -> dict[str, Any]:
    """The whole chain, to its end."""
    return msgspec.structs.asdict(await follow_to_its_end(hub.store))


VERBS: Mapping[str, Verb] = {
    "audit.list": Verb(AuditArguments, list_, Role.ADMIN),
    "audit.verify": Verb(Nothing, verify, Role.ADMIN),
}
