"""`audit.*`: who did what, and that the chain of it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cmdb.audit import GENESIS, first_broken
from cmdb.hub.api.verb import Arguments, Role, Verb
from cmdb.hub.hub import Hub
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
    """The whole chain, page by page, so that the hub goes on meanwhile."""
    count, last_seq, digest = 0, 0, GENESIS
    while rows := await hub.store.audit(after_seq=last_seq, limit=PAGE):
        if broken := first_broken(rows, digest):
            return {"rows": count, "broken_seq": broken[0], "why": broken[1]}
        count += len(rows)
        last_seq, digest = rows[-1].seq, rows[-1].digest
    return {"rows": count, "broken_seq": None, "why": ""}


VERBS: Mapping[str, Verb] = {
    "audit.list": Verb(AuditArguments, list_, Role.ADMIN),
    "audit.verify": Verb(Nothing, verify, Role.ADMIN),
}
