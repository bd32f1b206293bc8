"""`ci.diff`: what differs between two items, or between two moments of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cmdb.difference import differences
from cmdb.hub.api.find import by_id_or_name
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.session import Session
from cmdb.model.kind import Kind

OWN = frozenset({"id", "first_seen"})  # differ between any two items


class DiffArguments(Arguments, frozen=True, kw_only=True):
    """`a` and `b` are ids or names; without `b`, `a` is held against itself at another moment."""

    a: str
    b: str = ""
    from_: datetime | None = msgspec.field(default=None, name="from")
    to: datetime | None = None


async def diff(hub: Hub, _session: Session, args: DiffArguments) -> list[dict[str, Any]]:
    """The attributes that differ, with both values; volatile ones are left out."""
    a = await by_id_or_name(hub.store, Kind.CI, args.a, args.from_)
    b = await by_id_or_name(hub.store, Kind.CI, args.b or a["id"], args.to)
    return [
        {"attribute": row.attribute, "a": row.before, "b": row.after}
        for row in differences(Kind.CI, a["id"], a, b)
        if row.attribute not in OWN
    ]


VERBS: Mapping[str, Verb] = {
    "ci.diff": Verb(DiffArguments, diff),
}
